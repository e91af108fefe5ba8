package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;

/// Text that can be written as UTF-8.
final class WellFormed {

    private static final char REPLACEMENT = '\uFFFD';

    private WellFormed() {}

    /// The same text with every lone surrogate replaced by U+FFFD. Clients send such halves where they
    /// cut a string in the middle of an emoji; JSON escapes let them through.
    static String text(String text) {
        int first = firstLoneSurrogate(text, 0);
        if (first < 0) {
            return text;
        }
        StringBuilder mended = new StringBuilder(text);
        for (int i = first; i >= 0; i = firstLoneSurrogate(text, i + 1)) {
            mended.setCharAt(i, REPLACEMENT);
        }
        return mended.toString();
    }

    /// The same value with every string and key mended like that, in place.
    static JsonNode json(JsonNode value) {
        return switch (value) {
            case TextNode text -> TextNode.valueOf(text(text.textValue()));
            case ArrayNode list -> mended(list);
            case ObjectNode object -> mended(object);
            default -> value;
        };
    }

    private static JsonNode mended(ArrayNode list) {
        for (int i = 0; i < list.size(); i++) {
            list.set(i, json(list.get(i)));
        }
        return list;
    }

    private static JsonNode mended(ObjectNode object) {
        List<String> keys = new ArrayList<>();
        object.fieldNames().forEachRemaining(keys::add);
        for (String key : keys) {
            if (text(key).equals(key)) {
                object.set(key, json(object.get(key)));
            } else {
                object.set(text(key), json(object.remove(key)));
            }
        }
        return object;
    }

    private static int firstLoneSurrogate(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                return i;
            }
        }
        return -1;
    }
}
