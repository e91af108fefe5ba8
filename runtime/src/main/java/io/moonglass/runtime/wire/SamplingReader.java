package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/// Reads the fields that all dialects have in common, under OpenAI's names or, where OpenAI has none, under those of
/// other servers.
public final class SamplingReader {

    public static final int MAX_STOPS = 16;

    private static final int MAX_STOP_CHARS = 256;
    private static final int MAX_TOKEN_IDS = 1_024;
    private static final int MAX_SALT_CHARS = 1_024;
    private static final int MAX_WORDS = 128;
    private static final double MAX_BIAS = 100;
    private static final double MAX_TIMEOUT_SECONDS = 1e9;

    private SamplingReader() {}

    /// What answers of all dialects are asked for in the same way.
    ///
    /// @param stopKey under which the texts are that end the answer
    public static AnswerOptions.Builder answer(
            RequestFields fields, ChatModel model, String stopKey) {
        return new AnswerOptions.Builder(sampling(fields, model.defaultSampling()))
                .stop(stops(fields, stopKey))
                .stopTokenIds(tokenIds(fields, "stop_token_ids"))
                .allowedTokenIds(tokenIds(fields, "allowed_token_ids"))
                .badWords(badWords(fields))
                .ignoreEos(fields.bool("ignore_eos", false))
                .skipSpecialTokens(fields.bool("skip_special_tokens", true));
    }

    /// How tokens are drawn.
    ///
    /// @param defaults what holds where the request is silent
    public static SamplingParameters sampling(RequestFields fields, SamplingParameters defaults) {
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
        sampling =
                sampling.withFrequencyPenalty(
                        fields.number("frequency_penalty").orElse(sampling.frequencyPenalty()));
        return sampling.withLogitBias(logitBias(fields))
                .withMinTokens(fields.integer("min_tokens", 0).orElse(0));
    }

    private static Map<Integer, Float> logitBias(RequestFields fields) {
        Optional<RequestFields> bias = fields.object("logit_bias");
        if (bias.isEmpty()) {
            return Map.of();
        }
        JsonNode entries = fields.value("logit_bias");
        if (entries.size() > MAX_TOKEN_IDS) {
            throw fields.wrong(
                    "logit_bias", "an object of at most %,d tokens".formatted(MAX_TOKEN_IDS));
        }
        Map<Integer, Float> biases = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : entries.properties()) {
            double value = bias.get().number(entry.getKey()).orElse(0);
            if (!entry.getKey().matches("[0-9]{1,9}") || !(Math.abs(value) <= MAX_BIAS)) {
                throw fields.wrong(
                        "logit_bias", "token ids as keys and numbers from -100 to 100 as values");
            }
            biases.put(Integer.parseInt(entry.getKey()), (float) value);
        }
        return biases;
    }

    /// At most so many tokens of answer, under any of the names that dialects have for it; the newest wins.
    public static OptionalInt maxTokens(RequestFields fields) {
        OptionalInt limit = OptionalInt.empty();
        for (String key : List.of("max_tokens", "max_completion_tokens", "max_output_tokens")) {
            OptionalInt found = fields.integer(key, 1);
            limit = found.isPresent() ? found : limit;
        }
        return limit;
    }

    /// Refuses fields that would change the answer, or ask for more of it, where that is not built. One that says no
    /// asks for nothing.
    public static void refuse(RequestFields fields, String why, List<String> keys) {
        for (String key : keys) {
            JsonNode value = fields.value(key);
            boolean saysNo =
                    value.isBoolean() && !value.booleanValue()
                            || value.isValueNode() && value.asText().isEmpty()
                            || value.isContainerNode() && value.isEmpty()
                            || key.equals("n") && value.asInt() == 1;
            if (fields.has(key) && !saysNo) {
                throw ChatCallReader.unsupported(fields, key, why);
            }
        }
    }

    /// Whose request it is, and how urgent.
    ///
    /// @param tenant as [RequestScope] has it
    public static RequestScope scope(RequestFields fields, String tenant) {
        return new RequestScope(
                tenant, cacheSalt(fields), fields.integer("priority", Integer.MIN_VALUE).orElse(0));
    }

    private static String cacheSalt(RequestFields fields) {
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

    /// After which the answer is given up; empty if the caller did not say.
    public static Optional<Duration> timeout(RequestFields fields) {
        if (!fields.has("timeout")) {
            return Optional.empty();
        }
        double seconds = fields.number("timeout").orElseThrow();
        if (!(seconds > 0) || seconds > MAX_TIMEOUT_SECONDS) {
            throw fields.wrong("timeout", "a number of seconds above 0, up to a billion");
        }
        return Optional.of(Duration.ofNanos((long) Math.ceil(seconds * 1e9)));
    }

    /// Texts that end the answer: a string, or a list of them.
    public static List<String> stops(RequestFields fields, String key) {
        return texts(fields, key, MAX_STOPS, MAX_STOP_CHARS);
    }

    /// Texts that must not occur in the answer.
    public static List<String> badWords(RequestFields fields) {
        return texts(fields, "bad_words", MAX_WORDS, MAX_STOP_CHARS);
    }

    private static List<String> texts(
            RequestFields fields, String key, int most, int mostCharacters) {
        if (!fields.has(key)) {
            return List.of();
        }
        JsonNode value = fields.value(key);
        List<JsonNode> items = new ArrayList<>();
        (value.isArray() ? value : List.of(value)).forEach(items::add);
        boolean allGood =
                items.size() <= most
                        && items.stream().allMatch(item -> isGoodText(item, mostCharacters));
        if (!allGood) {
            throw fields.wrong(
                    key,
                    "a string or a list of at most %d strings, each of 1 to %d characters"
                            .formatted(most, mostCharacters));
        }
        return items.stream().map(item -> WellFormed.text(item.textValue())).toList();
    }

    private static boolean isGoodText(JsonNode item, int mostCharacters) {
        return item.isTextual()
                && !item.textValue().isEmpty()
                && item.textValue().length() <= mostCharacters;
    }

    /// A list of token ids; empty if there is none.
    public static Set<Integer> tokenIds(RequestFields fields, String key) {
        if (!fields.has(key)) {
            return Set.of();
        }
        JsonNode list = fields.value(key);
        boolean isGood = list.isArray() && list.size() <= MAX_TOKEN_IDS;
        Set<Integer> ids = new HashSet<>();
        for (JsonNode id : list) {
            isGood &= id.isIntegralNumber() && id.canConvertToInt() && id.intValue() >= 0;
            ids.add(id.intValue());
        }
        if (!isGood) {
            throw fields.wrong(key, "a list of at most %,d token ids".formatted(MAX_TOKEN_IDS));
        }
        return ids;
    }

    /// What pictures are shrunk to if they have more pixels, unless one says otherwise itself.
    public static OptionalLong maxPixels(RequestFields fields) {
        OptionalLong own = pixels(fields);
        OptionalLong ofProcessor =
                fields.object("mm_processor_kwargs")
                        .map(SamplingReader::pixels)
                        .orElse(OptionalLong.empty());
        return own.isPresent() ? own : ofProcessor;
    }

    private static OptionalLong pixels(RequestFields fields) {
        OptionalLong pixels = fields.longInteger("max_pixels");
        if (pixels.isPresent() && pixels.getAsLong() < PictureReader.LEAST_PIXELS) {
            throw fields.wrong(
                    "max_pixels",
                    "a number of pixels from %d on".formatted(PictureReader.LEAST_PIXELS));
        }
        return pixels;
    }
}
