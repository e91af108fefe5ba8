package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// A whole answer of `POST /v1/chat/completions`.
///
/// @param created seconds since 1970
@JsonNaming(SnakeCaseStrategy.class)
public record ChatCompletion(
        String id,
        String object,
        long created,
        String model,
        String systemFingerprint,
        List<Choice> choices,
        Usage usage) {

    public static final String OBJECT = "chat.completion";

    /// @param finishReason `stop` or `length`
    /// @param tokenIds     the generated tokens, if the request asked for them
    @JsonNaming(SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Choice(int index, Answer message, String finishReason, List<Integer> tokenIds) {}

    /// @param reasoningContent what a thinking model wrote before the answer; null if nothing
    /// @param reasoning        the same text, under the name that other clients read
    @JsonNaming(SnakeCaseStrategy.class)
    public record Answer(
            String role,
            String content,
            @JsonInclude(JsonInclude.Include.NON_NULL) String reasoningContent,
            @JsonInclude(JsonInclude.Include.NON_NULL) String reasoning) {}

    /// The answer's text.
    public String text() {
        return choices.get(0).message().content();
    }
}
