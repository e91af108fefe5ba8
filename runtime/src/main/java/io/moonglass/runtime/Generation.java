package io.moonglass.runtime;

/// A running generation, as its caller holds it. Safe to use from any thread.
public interface Generation {

    /// What its prompt amounts to.
    PromptSize prompt();

    /// Ends it at the next step; a `Finished` with `CANCELLED` follows unless it had ended already.
    void cancel();
}
