package io.moonglass.engine;

/// Takes the tokens of one generation as they are chosen: turns them into text, looks for stop
/// strings, tells the caller. Called on the engine's thread and must not block it.
public interface TokenSink {

    /// How likely the prompt's token at a position was, told in order of positions from 1 on, before
    /// [#promptComputed(int)]; only where the request's [Scoring] asks for it.
    default void promptScored(int position, TokenLogprobs logprobs) {}

    /// The prompt's features, told before [#promptComputed(int)]; only where the request's [Scoring] asks for them.
    default void features(float[] mean) {}

    /// The prompt is computed, and the first token comes next.
    ///
    /// @param numCachedTokens tokens of the prompt that were in the cache
    default void promptComputed(int numCachedTokens) {}

    /// One more token; stop tokens are passed too.
    ///
    /// @param logprobs null unless the request's [Scoring] asks for them
    /// @return whether to go on; false ends the generation with [FinishReason#STOP]
    boolean accept(int tokenId, TokenLogprobs logprobs);

    /// The last call, unless `failed` is.
    void finished(FinishReason reason);

    /// The last call: a fault of ours ended the generation.
    void failed(RuntimeException fault);
}
