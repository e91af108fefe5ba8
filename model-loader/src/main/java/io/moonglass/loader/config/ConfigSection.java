package io.moonglass.loader.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One object of a checkpoint's JSON files, read with checks. Every error names the file, the key,
/// what was found and what was wanted. A key that is present with JSON null counts as absent.
public final class ConfigSection {

    private static final long MAX_FILE_BYTES = 64L << 20;
    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final String where;
    private final String prefix;
    private final JsonNode node;

    private ConfigSection(String where, String prefix, JsonNode node) {
        this.where = where;
        this.prefix = prefix;
        this.node = node;
    }

    /// Reads a whole file, which must hold one JSON object.
    ///
    /// @throws ConfigException if the file is missing, too large or no JSON object
    public static ConfigSection read(Path file) {
        String name = file.getFileName().toString();
        try {
            if (!Files.isRegularFile(file)) {
                throw new ConfigException(
                        "%s: no such file in %s; point --model at a folder in Hugging Face layout, or fetch one with 'moonglass pull ORG/NAME'"
                                .formatted(name, file.toAbsolutePath().getParent()));
            }
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new ConfigException(
                        "%s: %,d bytes; want a JSON file of at most %,d"
                                .formatted(name, Files.size(file), MAX_FILE_BYTES));
            }
            return of(name, JSON.readTree(file.toFile()));
        } catch (JsonProcessingException e) {
            throw new ConfigException(
                    "%s: no valid JSON: %s".formatted(name, e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be read: %s".formatted(name, e.getMessage()), e);
        }
    }

    /// The same file, or nothing if there is none.
    public static Optional<ConfigSection> readIfPresent(Path file) {
        return Files.exists(file) ? Optional.of(read(file)) : Optional.empty();
    }

    /// A section over JSON that was read elsewhere.
    ///
    /// @param where the file's name, for messages
    public static ConfigSection of(String where, JsonNode node) {
        if (node == null || !node.isObject()) {
            throw new ConfigException("%s: want one JSON object".formatted(where));
        }
        return new ConfigSection(where, "", node);
    }

    public boolean has(String key) {
        return node.hasNonNull(key);
    }

    /// Where this section stands in its file, for messages about more than one of its keys.
    public String where() {
        return prefix.isEmpty() ? where : where + ": " + prefix.substring(0, prefix.length() - 1);
    }

    public ConfigSection section(String key) {
        return optionalSection(key).orElseThrow(() -> wrong(key, "an object"));
    }

    public Optional<ConfigSection> optionalSection(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        if (!node.get(key).isObject()) {
            throw wrong(key, "an object");
        }
        return Optional.of(new ConfigSection(where, prefix + key + ".", node.get(key)));
    }

    /// The keys of this object, in file order.
    public List<String> keys() {
        List<String> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    public int positiveInt(String key) {
        return intAtLeast(key, 1, "a positive integer");
    }

    public int positiveInt(String key, int absent) {
        return has(key) ? positiveInt(key) : absent;
    }

    public int nonNegativeInt(String key) {
        return intAtLeast(key, 0, "an integer from 0 up");
    }

    public int nonNegativeInt(String key, int absent) {
        return has(key) ? nonNegativeInt(key) : absent;
    }

    /// A finite number above zero.
    public double positiveNumber(String key) {
        JsonNode value = node.get(key);
        if (value == null || !isFinite(value) || !(value.doubleValue() > 0)) {
            throw wrong(key, "a number above 0");
        }
        return value.doubleValue();
    }

    public double positiveNumber(String key, double absent) {
        return has(key) ? positiveNumber(key) : absent;
    }

    /// A finite number from zero up.
    public double nonNegativeNumber(String key, double absent) {
        if (!has(key)) {
            return absent;
        }
        JsonNode value = node.get(key);
        if (!isFinite(value) || !(value.doubleValue() >= 0)) {
            throw wrong(key, "a number from 0 up");
        }
        return value.doubleValue();
    }

    public boolean bool(String key, boolean absent) {
        if (!has(key)) {
            return absent;
        }
        if (!node.get(key).isBoolean()) {
            throw wrong(key, "true or false");
        }
        return node.get(key).booleanValue();
    }

    public String string(String key) {
        JsonNode value = node.get(key);
        if (value == null || !value.isTextual()) {
            throw wrong(key, "a string");
        }
        return value.textValue();
    }

    public String string(String key, String absent) {
        return has(key) ? string(key) : absent;
    }

    /// A string, or the `content` of an object: tokenizer files write the name of a token both ways.
    public Optional<String> stringOrContent(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        JsonNode value = node.get(key);
        JsonNode name = value.isObject() ? value.path("content") : value;
        if (!name.isTextual()) {
            throw wrong(key, "a string or an object with a string \"content\"");
        }
        return Optional.of(name.textValue());
    }

    public boolean isList(String key) {
        return node.path(key).isArray();
    }

    /// A list of objects, each as a section of its own; empty if absent.
    public List<ConfigSection> sections(String key) {
        List<ConfigSection> sections = new ArrayList<>();
        if (has(key)) {
            if (!isList(key)) {
                throw wrong(key, "a list of objects");
            }
            for (JsonNode item : node.get(key)) {
                if (!item.isObject()) {
                    throw wrong(key, "a list of objects");
                }
                String place = "%s%s[%d].".formatted(prefix, key, sections.size());
                sections.add(new ConfigSection(where, place, item));
            }
        }
        return sections;
    }

    /// A list of exactly `length` finite numbers.
    public double[] numbers(String key, int length, double... absent) {
        if (!has(key)) {
            return absent;
        }
        JsonNode value = node.get(key);
        if (!value.isArray() || value.size() != length) {
            throw wrong(key, "a list of %d numbers".formatted(length));
        }
        double[] numbers = new double[length];
        for (int i = 0; i < length; i++) {
            if (!isFinite(value.get(i))) {
                throw wrong(key, "a list of %d numbers".formatted(length));
            }
            numbers[i] = value.get(i).doubleValue();
        }
        return numbers;
    }

    /// An integer or a list of integers, as `eos_token_id` is written both ways; empty if absent.
    public List<Integer> intOrInts(String key) {
        if (!has(key)) {
            return List.of();
        }
        JsonNode value = node.get(key);
        List<Integer> ints = new ArrayList<>();
        for (JsonNode item : value.isArray() ? value : List.of(value)) {
            if (!item.isInt()) {
                throw wrong(key, "an integer or a list of integers");
            }
            ints.add(item.intValue());
        }
        return List.copyOf(ints);
    }

    /// The fault that this key's value is not what was wanted.
    public ConfigException wrong(String key, String wanted) {
        JsonNode value = node.get(key);
        String found = value == null ? "missing" : abbreviated(value.toString());
        return new ConfigException(
                "%s: %s%s is %s; want %s".formatted(where, prefix, key, found, wanted));
    }

    private int intAtLeast(String key, int least, String wanted) {
        JsonNode value = node.get(key);
        if (value == null || !value.isInt() || value.intValue() < least) {
            throw wrong(key, wanted);
        }
        return value.intValue();
    }

    /// A number such as 1e999 is valid JSON, and infinite as a double.
    private static boolean isFinite(JsonNode value) {
        return value.isNumber() && Double.isFinite(value.doubleValue());
    }

    private static String abbreviated(String json) {
        return json.length() <= 80 ? json : json.substring(0, 77) + "...";
    }
}
