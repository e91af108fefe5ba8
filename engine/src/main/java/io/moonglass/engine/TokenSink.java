package io.moonglass.engine;

/// Takes the tokens of one generation as they are chosen: turns them into text, looks for stop
/// strings, tells the caller. Called on the engine's thread and must not block it.
public interface TokenSink {

    /// The prompt is computed, and the first token comes next.
    ///
    /// @param numCachedTokens tokens of the prompt that were in the cache
    default void promptComputed(int numCachedTokens) {}

    /// One more token; stop tokens are passed too.
    ///
    /// @return whether to go on; false ends the generation with [FinishReason#STOP]
    boolean accept(int tokenId);

    /// The last call, unless `failed` is.
    void finished(FinishReason reason);

    /// The last call: a fault of ours ended the generation.
    void failed(RuntimeException fault);
}
