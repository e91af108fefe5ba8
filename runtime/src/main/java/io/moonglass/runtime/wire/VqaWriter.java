package io.moonglass.runtime.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.clients.SeenImage;
import io.moonglass.clients.SeenVideo;
import io.moonglass.clients.Usage;
import io.moonglass.clients.VqaAnswer;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import java.util.List;

/// Writes the answer to a question about pictures: the answer, what it cost, and how the pictures were seen.
///
/// @param model that answers
public record VqaWriter(String model) {

    /// More of the answer, or of the reasoning before it.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Piece(String delta, String reasoning) {}

    /// What a stream ends with.
    @JsonNaming(SnakeCaseStrategy.class)
    public record End(
            String finishReason,
            String model,
            Usage usage,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenImage> images,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenVideo> videos) {}

    public VqaAnswer whole(PromptSize prompt, CollectedAnswer answer) {
        return new VqaAnswer(
                answer.text(),
                answer.reasoning().isEmpty() ? null : answer.reasoning(),
                FinishReasonRecord.of(answer.finished()),
                model,
                UsageRecord.of(answer.finished().usage()),
                UsageRecord.images(prompt),
                UsageRecord.videos(prompt));
    }

    /// @param event a piece of the answer or of its reasoning
    public Piece piece(GenerationEvent event) {
        return switch (event) {
            case GenerationEvent.TextDelta(String text, _) -> new Piece(text, null);
            case GenerationEvent.ReasoningDelta(String text) -> new Piece(null, text);
            case GenerationEvent.PromptMeasured _,
                    GenerationEvent.PicturesPrepared _,
                    GenerationEvent.PromptScored _,
                    GenerationEvent.ToolCallBegun _,
                    GenerationEvent.ToolArgumentsDelta _,
                    Finished _,
                    GenerationEvent.Failed _ ->
                    throw new IllegalArgumentException("no piece of an answer: " + event);
        };
    }

    public End end(PromptSize prompt, Finished end) {
        return new End(
                FinishReasonRecord.of(end),
                model,
                UsageRecord.of(end.usage()),
                UsageRecord.images(prompt),
                UsageRecord.videos(prompt));
    }
}
