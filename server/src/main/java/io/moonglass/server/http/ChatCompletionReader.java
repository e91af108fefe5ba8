package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.ToolUse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;

/// Reads the body of `POST /v1/chat/completions`. Unknown fields are accepted, since clients send
/// many that change nothing here; a field that would change the answer but is not built is refused.
final class ChatCompletionReader implements Dialect {

    private static final int MAX_STOPS = 16;
    private static final int MAX_STOP_CHARS = 256;
    private static final int MAX_ANSWERS = 16;
    private static final int MAX_SALT_CHARS = 1_024;
    private static final double MAX_TIMEOUT_SECONDS = 1e9;

    @Override
    public Question read(JsonNode body, ChatModel model, Caller caller) {
        RequestFields fields = RequestFields.of("", body);
        refuseWhatIsNotBuilt(fields);
        boolean stream = fields.bool("stream", false);
        boolean includeUsage =
                fields.object("stream_options")
                        .map(options -> options.bool("include_usage", false))
                        .orElse(false);
        ChatRequest request =
                new ChatRequest(
                        new Prompt.Conversation(MessagesReader.read(fields), ToolUse.NONE),
                        new AnswerOptions.Builder(sampling(fields, model.defaultSampling()))
                                .maxTokens(maxTokens(fields))
                                .stop(stops(fields, "stop"))
                                .ignoreEos(fields.bool("ignore_eos", false))
                                .skipSpecialTokens(fields.bool("skip_special_tokens", true))
                                .build(),
                        new RequestScope(caller.tenant(), cacheSalt(fields), priority(fields)));
        return new Question(
                new Call(
                        request,
                        fields.integer("n", 1, MAX_ANSWERS).orElse(1),
                        timeout(fields),
                        stream),
                ChatCompletionReply.of(
                        model.name(), includeUsage, fields.bool("return_token_ids", false)));
    }

    /// The newer name wins where both are there.
    private static OptionalInt maxTokens(RequestFields fields) {
        OptionalInt older = fields.integer("max_tokens", 1);
        OptionalInt newer = fields.integer("max_completion_tokens", 1);
        return newer.isPresent() ? newer : older;
    }

    static SamplingParameters sampling(RequestFields fields, SamplingParameters defaults) {
        SamplingParameters sampling =
                defaults.withSeed(
                        fields.longInteger("seed")
                                .orElseGet(() -> ThreadLocalRandom.current().nextLong()));
        sampling =
                sampling.withTemperature(
                        fields.number("temperature").orElse(sampling.temperature()));
        sampling = sampling.withTopP(fields.number("top_p").orElse(sampling.topP()));
        // -1 is another server's way to say "all"
        sampling =
                sampling.withTopK(Math.max(0, fields.integer("top_k", -1).orElse(sampling.topK())));
        sampling = sampling.withMinP(fields.number("min_p").orElse(sampling.minP()));
        sampling =
                sampling.withRepetitionPenalty(
                        fields.number("repetition_penalty").orElse(sampling.repetitionPenalty()));
        sampling =
                sampling.withPresencePenalty(
                        fields.number("presence_penalty").orElse(sampling.presencePenalty()));
        return sampling.withFrequencyPenalty(
                fields.number("frequency_penalty").orElse(sampling.frequencyPenalty()));
    }

    static String cacheSalt(RequestFields fields) {
        String salt = fields.string("cache_salt").orElse("");
        boolean isGood =
                !salt.isEmpty()
                        && salt.length() <= MAX_SALT_CHARS
                        && WellFormed.text(salt).equals(salt);
        if (fields.has("cache_salt") && !isGood) {
            throw fields.wrong(
                    "cache_salt", "a string of 1 to %,d characters".formatted(MAX_SALT_CHARS));
        }
        return salt;
    }

    static int priority(RequestFields fields) {
        return fields.integer("priority", Integer.MIN_VALUE).orElse(0);
    }

    static Optional<Duration> timeout(RequestFields fields) {
        if (!fields.has("timeout")) {
            return Optional.empty();
        }
        double seconds = fields.number("timeout").orElseThrow();
        if (!(seconds > 0) || seconds > MAX_TIMEOUT_SECONDS) {
            throw fields.wrong("timeout", "a number of seconds above 0, up to a billion");
        }
        return Optional.of(Duration.ofNanos((long) Math.ceil(seconds * 1e9)));
    }

    static List<String> stops(RequestFields fields, String key) {
        if (!fields.has(key)) {
            return List.of();
        }
        JsonNode value = fields.value(key);
        List<JsonNode> items = new ArrayList<>();
        (value.isArray() ? value : List.of(value)).forEach(items::add);
        boolean allGood =
                items.size() <= MAX_STOPS
                        && items.stream().allMatch(ChatCompletionReader::isGoodStop);
        if (!allGood) {
            throw fields.wrong(
                    key,
                    "a string or a list of at most %d strings, each of 1 to %d characters"
                            .formatted(MAX_STOPS, MAX_STOP_CHARS));
        }
        return items.stream().map(item -> WellFormed.text(item.textValue())).toList();
    }

    private static boolean isGoodStop(JsonNode item) {
        return item.isTextual()
                && !item.textValue().isEmpty()
                && item.textValue().length() <= MAX_STOP_CHARS;
    }

    private static void refuseWhatIsNotBuilt(RequestFields fields) {
        if (fields.bool("logprobs", false) || fields.integer("top_logprobs", 0).orElse(0) > 0) {
            throw unsupported(fields, "logprobs", "log probabilities are not supported yet");
        }
        if (fields.integer("min_tokens", 0).orElse(0) > 0) {
            throw unsupported(
                    fields, "min_tokens", "a least number of tokens is not supported yet");
        }
        boolean toolsWanted = !isString(fields, "tool_choice", "none");
        if (!fields.value("tools").isEmpty() && toolsWanted) {
            throw unsupported(
                    fields,
                    "tools",
                    "tools are not supported yet; want none, or tool_choice \"none\"");
        }
        if (!fields.value("functions").isEmpty() && !isString(fields, "function_call", "none")) {
            throw unsupported(fields, "functions", "functions are not supported yet");
        }
        refuseIfNotEmpty(fields, "logit_bias", "a bias on tokens is not supported yet");
        refuseIfNotEmpty(
                fields, "stop_token_ids", "stop tokens by id are not supported yet; use stop");
        refuseOtherFormats(fields);
    }

    private static void refuseOtherFormats(RequestFields fields) {
        fields.object("response_format")
                .ifPresent(format -> {
                    switch (format.requiredString("type")) {
                        case "text" -> {}
                        case "json_object", "json_schema" ->
                                throw unsupported(
                                        fields,
                                        "response_format",
                                        "answers in a given format are not supported yet; want type \"text\"");
                        default -> throw format.wrong("type", "\"text\"");
                    }
                });
    }

    static void refuseIfNotEmpty(RequestFields fields, String key, String why) {
        if (!fields.value(key).isEmpty()) {
            throw unsupported(fields, key, why);
        }
    }

    private static boolean isString(RequestFields fields, String key, String wanted) {
        return fields.value(key).isTextual() && fields.value(key).textValue().equals(wanted);
    }

    static InvalidRequestException unsupported(
            RequestFields fields, String key, String why) {
        return new InvalidRequestException(
                InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                fields.pathOf(key),
                "%s: %s".formatted(fields.pathOf(key), why));
    }
}
