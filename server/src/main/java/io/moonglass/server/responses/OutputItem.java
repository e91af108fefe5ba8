package io.moonglass.server.responses;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.moonglass.clients.Logprobs;
import java.util.List;

/// One item of a response's output, as Jackson writes it.
///
/// Source: the types of OpenAI's client for JavaScript, `resources/responses`.
public sealed interface OutputItem {

    String id();

    /// What the model wrote before its answer; it stands in one of the two lists.
    @JsonNaming(SnakeCaseStrategy.class)
    record Reasoning(String id, List<TypedText> summary, List<TypedText> content, Status status)
            implements OutputItem {

        @JsonProperty
        public String type() {
            return "reasoning";
        }
    }

    /// The answer's text.
    @JsonNaming(SnakeCaseStrategy.class)
    record Message(String id, List<OutputText> content, Status status) implements OutputItem {

        @JsonProperty
        public String type() {
            return "message";
        }

        @JsonProperty
        public String role() {
            return "assistant";
        }
    }

    /// @param callId    by which the caller's result will refer to it
    /// @param arguments JSON text
    @JsonNaming(SnakeCaseStrategy.class)
    record FunctionCall(String id, String callId, String name, String arguments, Status status)
            implements OutputItem {

        @JsonProperty
        public String type() {
            return "function_call";
        }
    }

    enum Status {
        @JsonProperty("in_progress")
        IN_PROGRESS,
        @JsonProperty("completed")
        COMPLETED,
        @JsonProperty("incomplete")
        INCOMPLETE
    }

    /// A text of one of the kinds `reasoning_text` and `summary_text`.
    record TypedText(String type, String text) {}

    /// @param logprobs of the text's tokens; none where they were not asked for
    record OutputText(String text, List<Logprobs.Token> logprobs) {

        @JsonProperty
        public String type() {
            return "output_text";
        }

        /// This server's models quote no sources.
        @JsonProperty
        public JsonNode annotations() {
            return JsonNodeFactory.instance.arrayNode();
        }
    }
}
