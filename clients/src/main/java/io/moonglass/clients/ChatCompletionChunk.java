package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// One piece of a streamed answer.
///
/// @param created seconds since 1970, the same in every chunk
/// @param choices empty in the chunk that carries the usage
/// @param usage   null in every other chunk
@JsonNaming(SnakeCaseStrategy.class)
public record ChatCompletionChunk(
        String id,
        String object,
        long created,
        String model,
        String systemFingerprint,
        List<Choice> choices,
        @JsonInclude(JsonInclude.Include.NON_NULL) Usage usage) {

    public static final String OBJECT = "chat.completion.chunk";

    /// @param finishReason null until the last piece, then `stop` or `length`
    /// @param tokenIds     in the last piece: the generated tokens, if the request asked for them
    @JsonNaming(SnakeCaseStrategy.class)
    public record Choice(
            int index,
            Delta delta,
            String finishReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<Integer> tokenIds) {}

    /// What this piece adds; null for what it does not touch.
    ///
    /// @param reasoning the same text as `reasoningContent`, under the name that other clients read
    @JsonNaming(SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Delta(String role, String content, String reasoningContent, String reasoning) {}

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
