package io.moonglass.loader.template;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Python's methods of strings and dicts, as far as chat templates use them.
final class PythonStrings {

    private PythonStrings() {}

    /// `text.method(arguments)`.
    ///
    /// @throws IllegalArgumentException if there is no such method, or not with these arguments
    static Object call(String text, String method, Object[] arguments) {
        return switch (method) {
            case "strip" -> strip(text, optional(arguments), true, true);
            case "lstrip" -> strip(text, optional(arguments), true, false);
            case "rstrip" -> strip(text, optional(arguments), false, true);
            case "startswith" -> startsWith(text, only(arguments));
            case "endswith" -> endsWith(text, only(arguments));
            case "removeprefix" -> removePrefix(text, string(only(arguments)));
            case "removesuffix" -> removeSuffix(text, string(only(arguments)));
            case "split" -> split(text, arguments);
            case "rsplit" -> rsplit(text, arguments);
            case "splitlines" -> List.<Object>copyOf(text.lines().toList());
            case "join" -> join(text, only(arguments));
            case "replace" -> replace(text, arguments);
            case "find" -> (long) find(text, string(only(arguments)));
            case "count" -> (long) split(text, string(only(arguments)), -1).size() - 1;
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "title" -> title(text);
            case "capitalize" -> capitalize(text);
            case "isdigit" -> !text.isEmpty() && text.codePoints().allMatch(Character::isDigit);
            case "isspace" -> !text.isEmpty() && text.codePoints().allMatch(PythonStrings::isSpace);
            case "isalpha" -> !text.isEmpty() && text.codePoints().allMatch(Character::isLetter);
            case "isupper" ->
                    !text.equals(text.toLowerCase(Locale.ROOT))
                            && text.equals(text.toUpperCase(Locale.ROOT));
            case "islower" ->
                    !text.equals(text.toUpperCase(Locale.ROOT))
                            && text.equals(text.toLowerCase(Locale.ROOT));
            default -> throw new IllegalArgumentException("a string has no method " + method);
        };
    }

    /// `dict.method(arguments)`.
    static Object call(Map<?, ?> map, String method, Object[] arguments) {
        return switch (method) {
            case "get" -> {
                if (arguments.length < 1 || arguments.length > 2) {
                    throw new IllegalArgumentException("get takes a key and a default");
                }
                boolean present = map.containsKey(arguments[0]);
                Object absent = arguments.length == 2 ? arguments[1] : null;
                yield present ? map.get(arguments[0]) : absent;
            }
            case "keys" -> new ArrayList<Object>(map.keySet());
            case "values" -> new ArrayList<Object>(map.values());
            case "items" -> {
                List<Object> items = new ArrayList<>();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    List<Object> item = new ArrayList<>();
                    item.add(entry.getKey());
                    item.add(entry.getValue());
                    items.add(item);
                }
                yield items;
            }
            default -> throw new IllegalArgumentException("a dict has no method " + method);
        };
    }

    private static String replace(String text, Object[] arguments) {
        if (arguments.length < 2 || arguments.length > 3) {
            throw new IllegalArgumentException("replace takes old, new and a count");
        }
        long count = arguments.length == 3 ? PythonValues.integer(arguments[2]) : -1;
        String old = string(arguments[0]);
        String fresh = string(arguments[1]);
        if (old.isEmpty()) {
            throw new IllegalArgumentException("replace takes an old string that is not empty");
        }
        return join(fresh, split(text, old, count));
    }

    static String join(String separator, Object items) {
        if (!(items instanceof Collection<?> collection)) {
            throw new IllegalArgumentException("join takes a list");
        }
        StringBuilder joined = new StringBuilder();
        boolean first = true;
        for (Object item : collection) {
            joined.append(first ? "" : separator).append(PythonValues.str(item));
            PythonValues.checkLength(joined.length());
            first = false;
        }
        return joined.toString();
    }

    private static String title(String text) {
        StringBuilder title = new StringBuilder();
        boolean inWord = false;
        for (int codePoint : text.codePoints().toArray()) {
            title.appendCodePoint(
                    inWord ? Character.toLowerCase(codePoint) : Character.toTitleCase(codePoint));
            inWord = Character.isLetter(codePoint);
        }
        return title.toString();
    }

    private static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int second = text.offsetByCodePoints(0, 1);
        return new StringBuilder()
                .appendCodePoint(Character.toTitleCase(text.codePointAt(0)))
                .append(text.substring(second).toLowerCase(Locale.ROOT))
                .toString();
    }

    private static String strip(String text, Object characters, boolean left, boolean right) {
        String set = PythonValues.isUndefined(characters) ? null : string(characters);
        int start = 0;
        int end = text.length();
        while (left && start < end && isStripped(text.codePointAt(start), set)) {
            start += Character.charCount(text.codePointAt(start));
        }
        while (right && end > start && isStripped(text.codePointBefore(end), set)) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(start, end);
    }

    private static boolean isStripped(int codePoint, String set) {
        return set == null ? isSpace(codePoint) : set.indexOf(codePoint) >= 0;
    }

    /// Python's `str.isspace`.
    private static boolean isSpace(int codePoint) {
        return codePoint >= '\t' && codePoint <= '\r'
                || codePoint >= 0x1C && codePoint <= 0x1F
                || codePoint == 0x85
                || Character.isSpaceChar(codePoint);
    }

    private static List<Object> split(String text, Object[] arguments) {
        if (arguments.length > 2) {
            throw new IllegalArgumentException("split takes a separator and a count");
        }
        long count = arguments.length == 2 ? PythonValues.integer(arguments[1]) : -1;
        if (arguments.length == 0 || PythonValues.isUndefined(arguments[0])) {
            if (count >= 0) {
                throw new IllegalArgumentException("split takes a count only with a separator");
            }
            return splitAtSpace(text);
        }
        return split(text, string(arguments[0]), count);
    }

    private static List<Object> split(String text, String separator, long count) {
        checkSeparator(separator);
        List<Object> parts = new ArrayList<>();
        int from = 0;
        for (int at;
                (count < 0 || parts.size() < count)
                        && (at = text.indexOf(separator, from)) >= 0; ) {
            parts.add(text.substring(from, at));
            PythonValues.checkSize(parts.size());
            from = at + separator.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static List<Object> rsplit(String text, Object[] arguments) {
        if (arguments.length < 2) {
            return split(text, arguments);
        }
        long count = PythonValues.integer(arguments[1]);
        String separator = string(arguments[0]);
        checkSeparator(separator);
        List<Object> parts = new ArrayList<>();
        int end = text.length();
        for (int at;
                (count < 0 || parts.size() < count)
                        && (at = text.lastIndexOf(separator, end - separator.length())) >= 0; ) {
            parts.addFirst(text.substring(at + separator.length(), end));
            PythonValues.checkSize(parts.size());
            end = at;
        }
        parts.addFirst(text.substring(0, end));
        return parts;
    }

    private static List<Object> splitAtSpace(String text) {
        List<Object> words = new ArrayList<>();
        int start = -1;
        for (int i = 0; i <= text.length(); i++) {
            boolean space = i == text.length() || isSpace(text.charAt(i));
            if (!space && start < 0) {
                start = i;
            } else if (space && start >= 0) {
                words.add(text.substring(start, i));
                PythonValues.checkSize(words.size());
                start = -1;
            }
        }
        return words;
    }

    private static boolean startsWith(String text, Object prefix) {
        return prefix instanceof Collection<?> any
                ? any.stream().anyMatch(one -> text.startsWith(string(one)))
                : text.startsWith(string(prefix));
    }

    private static boolean endsWith(String text, Object suffix) {
        return suffix instanceof Collection<?> any
                ? any.stream().anyMatch(one -> text.endsWith(string(one)))
                : text.endsWith(string(suffix));
    }

    private static String removePrefix(String text, String prefix) {
        return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    }

    private static String removeSuffix(String text, String suffix) {
        return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
    }

    /// Python counts code points.
    private static int find(String text, String part) {
        int at = text.indexOf(part);
        return at < 0 ? -1 : text.codePointCount(0, at);
    }

    private static void checkSeparator(String separator) {
        if (separator.isEmpty()) {
            throw new IllegalArgumentException("the separator is empty");
        }
    }

    private static Object only(Object[] arguments) {
        if (arguments.length != 1) {
            throw new IllegalArgumentException("the method takes one argument");
        }
        return arguments[0];
    }

    private static Object optional(Object[] arguments) {
        return arguments.length == 0 ? null : only(arguments);
    }

    private static String string(Object value) {
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException("want a string, got " + PythonValues.str(value));
    }
}
