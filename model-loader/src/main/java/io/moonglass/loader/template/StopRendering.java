package io.moonglass.loader.template;

/// Ends a rendering from inside. An `Error`, because Jinjava catches exceptions and goes on with the
/// next node, which a hostile template could make last forever.
final class StopRendering extends Error {

    private static final long serialVersionUID = 1;

    /// A limit that the template breaks.
    StopRendering(String limit) {
        super(limit, null, false, false);
    }

    /// A fault that is ready to be thrown to the caller.
    StopRendering(RuntimeException fault) {
        super(fault.getMessage(), fault, false, false);
    }
}
