package io.moonglass.engine;

import java.util.Optional;

/// The request that a thread works for, so that lines of the log can say so. A thread that works for one request alone
/// runs in its context; one that works for many enters a request's context for what concerns it.
///
/// @param requestId under which caller and log speak of it
/// @param traceId   32 hexadecimal digits; empty if it is a part of no trace
/// @param keyName   the name of its caller's key; empty where that is not known, or none was wanted
public record RequestContext(String requestId, Optional<String> traceId, Optional<String> keyName) {

    private static final ScopedValue<RequestContext> CURRENT = ScopedValue.newInstance();

    /// The one that this thread is in.
    public static Optional<RequestContext> current() {
        return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
    }

    /// Does this in the context.
    public void run(Runnable work) {
        ScopedValue.where(CURRENT, this).run(work);
    }

    /// The work, which another thread shall do in the context that this one is in now.
    public static Runnable carriedBy(Runnable work) {
        return current().<Runnable>map(context -> () -> context.run(work)).orElse(work);
    }
}
