package io.moonglass.runtime;

import io.moonglass.engine.FinishReason;
import java.util.List;
import java.util.Optional;

/// What happens while an answer is generated, in order: what there is to tell of the prompt, deltas, then one
/// `Finished` or `Failed`.
public sealed interface GenerationEvent {

    /// It is known what the prompt amounts to, before its pictures are decoded; told to the first answer alone.
    record PromptMeasured(PromptSize size) implements GenerationEvent {}

    /// More of the prompt's pictures are decoded or encoded; told to the first answer alone.
    ///
    /// @param numDecoded pictures that are decoded and fitted
    /// @param numEncoded pictures that are encoded
    /// @param numTotal   pictures of the request
    record PicturesPrepared(int numDecoded, int numEncoded, int numTotal)
            implements GenerationEvent {}

    /// How likely the prompt's tokens were, where the request asked for it; told to the first answer alone.
    ///
    /// @param scores one for each token; empty for the first and for those of pictures
    record PromptScored(List<Optional<TokenScore>> scores) implements GenerationEvent {}

    /// More of the answer; whole characters only.
    ///
    /// @param scores of the tokens that were chosen since the last delta, where the request asked for them
    record TextDelta(String text, List<TokenScore> scores) implements GenerationEvent {

        public TextDelta(String text) {
            this(text, List.of());
        }
    }

    /// More of the reasoning before the answer, without its markers.
    record ReasoningDelta(String text) implements GenerationEvent {}

    /// A call of a tool begins.
    ///
    /// @param index of the call among the answer's, from 0
    record ToolCallBegun(int index, String id, String name) implements GenerationEvent {}

    /// More of a call's arguments, JSON text.
    record ToolArgumentsDelta(int index, String json) implements GenerationEvent {}

    /// @param tokenIds every generated token, the stop token included
    /// @param stop     the stop string that ended the answer; empty if something else did
    record Finished(FinishReason reason, Usage usage, List<Integer> tokenIds, Optional<String> stop)
            implements GenerationEvent {

        public Finished(FinishReason reason, Usage usage, List<Integer> tokenIds) {
            this(reason, usage, tokenIds, Optional.empty());
        }
    }

    /// A fault of ours after generation began; the cause is for the log, not for the caller.
    record Failed(RuntimeException cause) implements GenerationEvent {}
}
