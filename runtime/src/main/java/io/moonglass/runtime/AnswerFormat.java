package io.moonglass.runtime;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// What an answer must look like. Grammars hold it to that, token by token.
///
/// Where one has a `param`, that is where the request has it, for faults.
public sealed interface AnswerFormat {

    record FreeText() implements AnswerFormat {}

    /// Any JSON object.
    record JsonObject() implements AnswerFormat {}

    /// JSON that a schema allows.
    record JsonSchema(JsonNode schema, String param) implements AnswerFormat {}

    /// Text that a regular expression matches as a whole.
    record Regex(String pattern, String param) implements AnswerFormat {}

    /// One of these texts.
    record Choice(List<String> texts, String param) implements AnswerFormat {

        public Choice {
            texts = List.copyOf(texts);
        }
    }

    /// Text of a grammar in llama.cpp's notation.
    record Gbnf(String grammar, String param) implements AnswerFormat {}
}
