package io.moonglass.clients;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.clients.schema.RecordSchema;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What all questions to a model can say. What is not said is not sent, and the server's own setting for the model holds.
///
/// @param <B> the builder itself
public abstract class RequestBuilder<B extends RequestBuilder<B>> {

    private final Map<String, Object> fields = new LinkedHashMap<>();

    RequestBuilder() {}

    abstract B self();

    Map<String, Object> fields() {
        return fields;
    }

    /// A field by its name on the wire, for what has no method here. One that was set before is replaced.
    ///
    /// @param value what Jackson can write; null to leave the field out
    public B field(String name, Object value) {
        if (value == null) {
            fields.remove(name);
        } else {
            fields.put(name, value);
        }
        return self();
    }

    /// The model's name; needed where the server has more than one.
    public B model(String value) {
        return field("model", value);
    }

    /// The most tokens to generate.
    public B maxTokens(int value) {
        return field("max_tokens", value);
    }

    /// The same under its newer name.
    public B maxCompletionTokens(int value) {
        return field("max_completion_tokens", value);
    }

    /// The model may not end the answer before.
    public B minTokens(int value) {
        return field("min_tokens", value);
    }

    /// 0 for the likeliest answer, up to 2.
    public B temperature(double value) {
        return field("temperature", value);
    }

    public B topP(double value) {
        return field("top_p", value);
    }

    /// Only this many most likely tokens; 0 for all.
    public B topK(int value) {
        return field("top_k", value);
    }

    /// Only tokens at least this times as likely as the most likely one.
    public B minP(double value) {
        return field("min_p", value);
    }

    /// The same seed gives the same answer.
    public B seed(long value) {
        return field("seed", value);
    }

    /// Above 1 makes tokens of prompt and answer less likely.
    public B repetitionPenalty(double value) {
        return field("repetition_penalty", value);
    }

    public B presencePenalty(double value) {
        return field("presence_penalty", value);
    }

    public B frequencyPenalty(double value) {
        return field("frequency_penalty", value);
    }

    /// Token ids with what is added to their logits, from -100 to 100.
    public B logitBias(Map<Integer, Double> value) {
        return field("logit_bias", Map.copyOf(value));
    }

    /// Texts that end the answer and are not part of it.
    public B stop(String... texts) {
        return field("stop", List.of(texts));
    }

    /// Texts that must not be in the answer.
    public B badWords(String... texts) {
        return field("bad_words", List.of(texts));
    }

    /// Go on past the model's stop tokens.
    public B ignoreEos(boolean value) {
        return field("ignore_eos", value);
    }

    /// Leave special tokens out of the text.
    public B skipSpecialTokens(boolean value) {
        return field("skip_special_tokens", value);
    }

    /// How much a thinking model thinks: `none`, `minimal`, `low`, `medium` or `high`.
    public B reasoningEffort(String value) {
        return field("reasoning_effort", value);
    }

    /// The most tokens that a thinking model thinks.
    public B thinkingTokenBudget(int value) {
        return field("thinking_token_budget", value);
    }

    /// The most pixels of each picture; larger ones are shrunk.
    public B maxPixels(long value) {
        return field("max_pixels", value);
    }

    /// The answer matches this regular expression.
    public B regex(String value) {
        return field("regex", value);
    }

    /// The answer is one of these.
    public B choice(List<String> values) {
        return field("choice", List.copyOf(values));
    }

    /// The answer is of this grammar, in llama.cpp's notation (GBNF).
    public B grammar(String value) {
        return field("grammar", value);
    }

    /// The answer is JSON that this schema allows.
    ///
    /// @param name letters, digits, `_` and `-`
    public B jsonSchema(String name, JsonNode schema) {
        return field(
                "response_format",
                Map.of(
                        "type",
                        "json_schema",
                        "json_schema",
                        Map.of("name", name, "schema", schema, "strict", true)));
    }

    /// The answer is JSON of a record.
    public B jsonSchema(RecordSchema<?> schema) {
        return jsonSchema(schema.name(), schema.schema());
    }

    /// Lower numbers go first.
    public B priority(int value) {
        return field("priority", value);
    }

    /// Only requests with the same salt share what the server keeps of prompts.
    public B cacheSalt(String value) {
        return field("cache_salt", value);
    }

    /// After which the server gives the answer up.
    public B timeout(Duration value) {
        return field("timeout", value.toNanos() / 1e9);
    }
}
