package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.moonglass.loader.fault.InvalidRequestException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// One JSON object of a request, read with strict types: a number in a string is no number. A key
/// whose value is null counts as absent. Every fault names the field by its path.
public final class RequestFields {

    /// An object without fields.
    public static final RequestFields NONE =
            new RequestFields("", JsonNodeFactory.instance.objectNode());

    private static final int MAX_SHOWN_CHARS = 80;

    private final String path;
    private final JsonNode node;

    private RequestFields(String path, JsonNode node) {
        this.path = path;
        this.node = node;
    }

    /// @param path where the object stands in the body; empty for the body itself
    public static RequestFields of(String path, JsonNode node) {
        if (!node.isObject()) {
            String where = path.isEmpty() ? "the body" : path;
            throw InvalidRequestException.invalidValue(
                    path.isEmpty() ? null : path,
                    "%s is %s; want an object".formatted(where, shown(node)));
        }
        return new RequestFields(path, node);
    }

    public boolean has(String key) {
        return node.hasNonNull(key);
    }

    /// The raw value; a missing node if there is none.
    public JsonNode value(String key) {
        return node.path(key);
    }

    /// Where a field of this object stands in the body.
    public String pathOf(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    public Optional<String> string(String key) {
        return has(key) ? Optional.of(textOf(key)) : Optional.empty();
    }

    /// A string that must be there.
    public String requiredString(String key) {
        return textOf(key);
    }

    public OptionalDouble number(String key) {
        if (!has(key)) {
            return OptionalDouble.empty();
        }
        JsonNode value = node.get(key);
        if (!value.isNumber()) {
            throw wrong(key, "a number");
        }
        return OptionalDouble.of(value.doubleValue());
    }

    public OptionalInt integer(String key, int least) {
        return integer(key, least, Integer.MAX_VALUE);
    }

    public OptionalInt integer(String key, int least, int most) {
        if (!has(key)) {
            return OptionalInt.empty();
        }
        JsonNode value = node.get(key);
        boolean isInt = value.isIntegralNumber() && value.canConvertToInt();
        if (!isInt || value.intValue() < least || value.intValue() > most) {
            throw wrong(key, "an integer from %d to %d".formatted(least, most));
        }
        return OptionalInt.of(value.intValue());
    }

    public OptionalLong longInteger(String key) {
        if (!has(key)) {
            return OptionalLong.empty();
        }
        JsonNode value = node.get(key);
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw wrong(key, "an integer of at most 64 bits");
        }
        return OptionalLong.of(value.longValue());
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

    public Optional<RequestFields> object(String key) {
        return has(key) ? Optional.of(of(pathOf(key), node.get(key))) : Optional.empty();
    }

    /// A list that must be there, of 1 to `most` objects.
    public List<RequestFields> objects(String key, int most) {
        JsonNode list = node.path(key);
        if (!list.isArray() || list.isEmpty()) {
            throw wrong(key, "a list of at least one object");
        }
        if (list.size() > most) {
            throw InvalidRequestException.invalidValue(
                    pathOf(key),
                    "%s has %d items; want at most %d".formatted(pathOf(key), list.size(), most));
        }
        List<RequestFields> objects = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            objects.add(of("%s[%d]".formatted(pathOf(key), i), list.get(i)));
        }
        return objects;
    }

    /// The same for a list that may be missing or empty.
    public List<RequestFields> objectsIfAny(String key, int most) {
        boolean isNone = !has(key) || node.get(key).isArray() && node.get(key).isEmpty();
        return isNone ? List.of() : objects(key, most);
    }

    /// A list that must be there, of at most `most` strings.
    public List<String> strings(String key, int most) {
        JsonNode list = node.path(key);
        List<String> strings = new ArrayList<>();
        list.forEach(item -> strings.add(item.textValue()));
        if (!list.isArray() || strings.size() > most || strings.contains(null)) {
            throw wrong(key, "a list of at most %,d strings".formatted(most));
        }
        return strings;
    }

    /// The fault that this key's value is not what was wanted.
    public InvalidRequestException wrong(String key, String wanted) {
        return InvalidRequestException.invalidValue(
                pathOf(key),
                "%s is %s; want %s".formatted(pathOf(key), shown(node.get(key)), wanted));
    }

    private String textOf(String key) {
        JsonNode value = node.path(key);
        if (!value.isTextual()) {
            throw wrong(key, "a string");
        }
        return value.textValue();
    }

    /// What was found, for messages. Lists and objects are named, not printed: they may be large.
    private static String shown(JsonNode value) {
        if (value == null || value.isMissingNode()) {
            return "missing";
        }
        if (value.isContainerNode()) {
            return value.isEmpty() ? "an empty " + kindOf(value) : kindWithArticle(value);
        }
        if (value.isTextual() && value.textValue().length() > MAX_SHOWN_CHARS) {
            return "a string of %,d characters".formatted(value.textValue().length());
        }
        String json = value.toString();
        return json.length() <= MAX_SHOWN_CHARS
                ? json
                : json.substring(0, MAX_SHOWN_CHARS - 3) + "...";
    }

    private static String kindOf(JsonNode container) {
        return container.isArray() ? "list" : "object";
    }

    private static String kindWithArticle(JsonNode container) {
        return container.isArray() ? "a list" : "an object";
    }
}
