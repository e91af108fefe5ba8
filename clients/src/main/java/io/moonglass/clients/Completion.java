package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Map;

/// An answer of `POST /v1/completions`, or a piece of one.
///
/// @param created seconds since 1970
/// @param choices in a stream one, or none beside the usage
/// @param usage   null in all pieces of a stream but the last
@JsonNaming(SnakeCaseStrategy.class)
public record Completion(
        String id,
        String object,
        long created,
        String model,
        String systemFingerprint,
        List<Choice> choices,
        @JsonInclude(JsonInclude.Include.NON_NULL) Usage usage) {

    public static final String OBJECT = "text_completion";

    /// @param index        of the prompt times the number of answers to each, and of the answer
    /// @param logprobs     null if the request did not ask for them
    /// @param finishReason `stop` or `length`; null in all pieces of a stream but the last
    /// @param stopReason   the stop string that ended the answer; null if something else did
    @JsonNaming(SnakeCaseStrategy.class)
    public record Choice(
            int index,
            String text,
            Logprobs logprobs,
            String finishReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) String stopReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) JsonNode promptLogprobs,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<Integer> tokenIds) {}

    /// How likely tokens were; all lists have one entry for each.
    ///
    /// @param tokenLogprobs null for a prompt's first token
    /// @param topLogprobs   likely tokens with theirs; null for a prompt's first token
    /// @param textOffset    characters before the token's text, the prompt's included where it is echoed
    @JsonNaming(SnakeCaseStrategy.class)
    public record Logprobs(
            List<String> tokens,
            List<Double> tokenLogprobs,
            List<Map<String, Double>> topLogprobs,
            List<Integer> textOffset) {}
}
