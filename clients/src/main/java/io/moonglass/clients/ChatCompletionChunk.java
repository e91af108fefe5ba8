package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Map;

/// One piece of a streamed answer.
///
/// @param created        seconds since 1970, the same in every chunk
/// @param choices        empty in chunks that tell of something else
/// @param usage          of the whole request in the last chunk, so far in others where the request asked for it; else null
/// @param images         beside the last usage: the prompt's pictures as the model saw them
/// @param videos         beside the last usage: the prompt's videos as the model saw them
/// @param promptLogprobs in a chunk of their own, as in [ChatCompletion]
/// @param progress       in chunks of their own before the answer, if the request asked for them
/// @param timings        in the last chunk, if the request asked for them
@JsonNaming(SnakeCaseStrategy.class)
public record ChatCompletionChunk(
        String id,
        String object,
        long created,
        String model,
        String systemFingerprint,
        List<Choice> choices,
        @JsonInclude(JsonInclude.Include.NON_NULL) Usage usage,
        @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenImage> images,
        @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenVideo> videos,
        @JsonInclude(JsonInclude.Include.NON_NULL) JsonNode promptLogprobs,
        @JsonInclude(JsonInclude.Include.NON_NULL) Progress progress,
        @JsonInclude(JsonInclude.Include.NON_NULL) Timings timings) {

    public static final String OBJECT = "chat.completion.chunk";

    public ChatCompletionChunk {
        choices = choices == null ? List.of() : List.copyOf(choices);
    }

    /// @param finishReason null until the last piece, then as in [ChatCompletion]
    /// @param tokenIds     in the last piece: the generated tokens, if the request asked for them
    @JsonNaming(SnakeCaseStrategy.class)
    public record Choice(
            int index,
            Delta delta,
            @JsonInclude(JsonInclude.Include.NON_NULL) Logprobs logprobs,
            String finishReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) String stopReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<Integer> tokenIds) {}

    /// What this piece adds; null for what it does not touch.
    ///
    /// @param reasoning the same text as `reasoningContent`, under the name that other clients read
    @JsonNaming(SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Delta(
            String role,
            String content,
            String reasoningContent,
            String reasoning,
            List<ToolCall> toolCalls,
            ToolCall.Function functionCall) {}

    /// How far the prompt's pictures are.
    @JsonNaming(SnakeCaseStrategy.class)
    public record Progress(int imagesDecoded, int imagesEncoded, int imagesTotal) {}

    /// Where the time of a request went.
    ///
    /// @param totalSeconds      from the head of the request to the end of its answer
    /// @param firstTokenSeconds to the first token; null if there was none
    /// @param stageSeconds      time in which each stage was under way, in the order in which they began; stages overlap
    ///                          where pictures are prepared side by side
    @JsonNaming(SnakeCaseStrategy.class)
    public record Timings(
            double totalSeconds,
            @JsonInclude(JsonInclude.Include.NON_NULL) Double firstTokenSeconds,
            Map<String, Double> stageSeconds) {}

    /// The piece of the answer's text in this chunk, empty if there is none.
    public String text() {
        return choices.isEmpty() || choices.get(0).delta().content() == null
                ? ""
                : choices.get(0).delta().content();
    }

    /// The piece of the reasoning in this chunk, empty if there is none.
    public String reasoningText() {
        return choices.isEmpty() || choices.get(0).delta().reasoningContent() == null
                ? ""
                : choices.get(0).delta().reasoningContent();
    }
}
