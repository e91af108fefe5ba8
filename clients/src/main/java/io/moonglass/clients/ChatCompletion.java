package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// A whole answer of `POST /v1/chat/completions`.
///
/// @param created        seconds since 1970
/// @param images         the prompt's pictures as the model saw them; null if there are none
/// @param videos         the prompt's videos as the model saw them; null if there are none
/// @param promptLogprobs for each token of the prompt an object of likely tokens, or null; null if the request did not
///                       ask for them
@JsonNaming(SnakeCaseStrategy.class)
public record ChatCompletion(
        String id,
        String object,
        long created,
        String model,
        String systemFingerprint,
        List<Choice> choices,
        Usage usage,
        @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenImage> images,
        @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenVideo> videos,
        @JsonInclude(JsonInclude.Include.NON_NULL) JsonNode promptLogprobs) {

    public static final String OBJECT = "chat.completion";

    public ChatCompletion {
        choices = choices == null ? List.of() : List.copyOf(choices);
    }

    /// @param finishReason `stop`, `length`, `tool_calls` or `function_call`
    /// @param logprobs     null if the request did not ask for them
    /// @param stopReason   the stop string that ended the answer; null if something else did
    /// @param tokenIds     the generated tokens, if the request asked for them
    @JsonNaming(SnakeCaseStrategy.class)
    public record Choice(
            int index,
            Answer message,
            Logprobs logprobs,
            String finishReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) String stopReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<Integer> tokenIds) {}

    /// @param content          null where the model only called tools
    /// @param refusal          always null
    /// @param reasoningContent what a thinking model wrote before the answer; null if nothing
    /// @param reasoning        the same text, under the name that other clients read
    /// @param toolCalls        the tools that the model wants called; null if there are none
    /// @param functionCall     the same, where the request offered `functions`
    @JsonNaming(SnakeCaseStrategy.class)
    public record Answer(
            String role,
            String content,
            String refusal,
            @JsonInclude(JsonInclude.Include.NON_NULL) String reasoningContent,
            @JsonInclude(JsonInclude.Include.NON_NULL) String reasoning,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<ToolCall> toolCalls,
            @JsonInclude(JsonInclude.Include.NON_NULL) ToolCall.Function functionCall) {}

    /// The answer's text; empty where there is none.
    public String text() {
        return choices.isEmpty() || choices.get(0).message().content() == null
                ? ""
                : choices.get(0).message().content();
    }
}
