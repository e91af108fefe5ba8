package io.moonglass.runtime;

import io.moonglass.engine.FinishReason;
import java.util.List;

/// What happens while an answer is generated, in order: deltas, then one `Finished` or `Failed`.
public sealed interface GenerationEvent {

    /// More of the answer; whole characters only.
    record TextDelta(String text) implements GenerationEvent {}

    /// More of the reasoning before the answer, without its markers.
    record ReasoningDelta(String text) implements GenerationEvent {}

    /// @param tokenIds every generated token, the stop token included
    record Finished(FinishReason reason, Usage usage, List<Integer> tokenIds)
            implements GenerationEvent {}

    /// A fault of ours after generation began; the cause is for the log, not for the caller.
    record Failed(RuntimeException cause) implements GenerationEvent {}
}
