package io.moonglass.engine;

/// Takes a generation's tokens as they are chosen. Whoever implements it decodes text, looks for stop
/// strings, tells the caller. Called on the engine's thread and must not block it.
public interface TokenSink {

    /// The first step that computes something for it is about to run.
    default void begun() {}

    /// How likely the prompt's token at a position was, given those before it; told once for every position from
    /// 1 on, in their order, before [#promptComputed(int)]. Only where the request's [Scoring] asks for it, and
    /// only to the first branch.
    ///
    /// @param logprobs null where a picture's row stands in the place of a token
    default void promptScored(int position, TokenLogprobs logprobs) {}

    /// The prompt's features, told before [#promptComputed(int)]; only where the request's [Scoring] asks for
    /// them, and only to the first branch.
    ///
    /// @param mean `[hiddenSize]`
    default void features(float[] mean) {}

    /// The prompt is computed, and the first token comes next; or the end, where no tokens are wanted.
    ///
    /// @param numCachedTokens tokens of the prompt that were in the cache
    default void promptComputed(int numCachedTokens) {}

    /// One more token; stop tokens are passed too.
    ///
    /// @param logprobs null unless the request's [Scoring] asks for them
    /// @return whether to go on; false ends the generation with [FinishReason#STOP]
    boolean accept(int tokenId, TokenLogprobs logprobs);

    /// The last call, unless `failed` is. [FinishReason#STOP] after a stop token is that token's doing; after
    /// another one for which the sink returned true, the mask's.
    void finished(FinishReason reason);

    /// The last call: a fault of ours ended the generation.
    void failed(RuntimeException fault);
}
