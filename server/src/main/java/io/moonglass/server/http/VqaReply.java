package io.moonglass.server.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.clients.SeenImage;
import io.moonglass.clients.SeenVideo;
import io.moonglass.clients.Usage;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import java.util.List;

/// Answers a question about pictures: the answer, what it cost, and how the pictures were seen.
record VqaReply(String model) implements Reply {

    /// @param reasoning what a thinking model wrote before the answer; null if nothing
    @JsonNaming(SnakeCaseStrategy.class)
    private record Answer(
            String answer,
            @JsonInclude(JsonInclude.Include.NON_NULL) String reasoning,
            String finishReason,
            String model,
            Usage usage,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenImage> images,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenVideo> videos) {}

    /// More of the answer, or of the reasoning before it.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Piece(String delta, String reasoning) {}

    @JsonNaming(SnakeCaseStrategy.class)
    private record End(
            String finishReason,
            String model,
            Usage usage,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenImage> images,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenVideo> videos) {}

    @Override
    public Object whole(PromptSize prompt, List<CollectedAnswer> answers) {
        CollectedAnswer answer = answers.getFirst();
        return new Answer(
                answer.text(),
                answer.reasoning().isEmpty() ? null : answer.reasoning(),
                CompletionReply.finishReason(answer.finished()),
                model,
                UsageRecord.of(answer.finished().usage()),
                UsageRecord.images(prompt),
                UsageRecord.videos(prompt));
    }

    @Override
    public void begin(EventStream stream, int numAnswers) {}

    @Override
    public void event(EventStream stream, int index, GenerationEvent event) {
        switch (event) {
            case GenerationEvent.TextDelta(String text, _) -> stream.send(new Piece(text, null));
            case GenerationEvent.ReasoningDelta(String text) -> stream.send(new Piece(null, text));
            case GenerationEvent.PromptMeasured _,
                    GenerationEvent.PicturesPrepared _,
                    GenerationEvent.PromptScored _,
                    GenerationEvent.ToolCallBegun _,
                    GenerationEvent.ToolArgumentsDelta _,
                    Finished _,
                    GenerationEvent.Failed _ ->
                    throw new IllegalArgumentException("no piece of an answer: " + event);
        }
    }

    @Override
    public void finished(EventStream stream, int index, Finished end) {}

    @Override
    public void end(EventStream stream, PromptSize prompt, List<Finished> ends) {
        stream.send(
                new End(
                        CompletionReply.finishReason(ends.getFirst()),
                        model,
                        UsageRecord.ofAll(ends),
                        UsageRecord.images(prompt),
                        UsageRecord.videos(prompt)));
        stream.done();
    }

    @Override
    public void fault(EventStream stream, HttpFault fault) {
        stream.send(fault.body());
    }
}
