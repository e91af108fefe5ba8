package io.moonglass.loader.template;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/// Filters that Jinja2 and Jinjava define differently, or that Jinjava does not bound.
final class PythonFilters {

    private PythonFilters() {}

    static List<Filter> all() {
        return List.of(
                new PythonJson(),
                filter("trim", (value, arguments) -> string(value, "strip", arguments)),
                filter("upper", (value, arguments) -> string(value, "upper", arguments)),
                filter("lower", (value, arguments) -> string(value, "lower", arguments)),
                filter("title", (value, arguments) -> title(PythonValues.str(value))),
                filter("capitalize", (value, arguments) -> string(value, "capitalize", arguments)),
                filter("replace", (value, arguments) -> string(value, "replace", arguments)),
                filter("string", (value, arguments) -> PythonValues.str(value)),
                filter("safe", (value, arguments) -> value),
                filter("length", (value, arguments) -> length(value)),
                filter("count", (value, arguments) -> length(value)),
                filter("items", (value, arguments) -> items(value)),
                filter("join", PythonFilters::join));
    }

    private interface Function {
        Object apply(Object value, Object[] arguments);
    }

    private static Filter filter(String name, Function function) {
        return new Filter() {
            @Override
            public String getName() {
                return name;
            }

            @Override
            public Object filter(
                    Object value, JinjavaInterpreter interpreter, String... arguments) {
                return function.apply(value, arguments);
            }

            @Override
            public Object filter(
                    Object value,
                    JinjavaInterpreter interpreter,
                    Object[] arguments,
                    Map<String, Object> namedArguments) {
                if (!namedArguments.isEmpty()) {
                    throw new IllegalArgumentException(
                            "%s takes no argument %s".formatted(name, namedArguments.keySet()));
                }
                return function.apply(value, arguments);
            }
        };
    }

    private static Object string(Object value, String method, Object[] arguments) {
        return PythonStrings.call(PythonValues.str(value), method, arguments);
    }

    /// Jinja2's own, which unlike `str.title` keeps the letter after an apostrophe small.
    private static String title(String text) {
        StringBuilder title = new StringBuilder();
        boolean wordStarts = true;
        for (int codePoint : text.codePoints().toArray()) {
            title.appendCodePoint(
                    wordStarts
                            ? Character.toTitleCase(codePoint)
                            : Character.toLowerCase(codePoint));
            wordStarts = Character.isWhitespace(codePoint) || "-({[<".indexOf(codePoint) >= 0;
        }
        return title.toString();
    }

    private static Object join(Object value, Object[] arguments) {
        if (arguments.length > 1) {
            throw new IllegalArgumentException("join takes one separator");
        }
        String separator = arguments.length == 0 ? "" : PythonValues.str(arguments[0]);
        return PythonValues.isUndefined(value) ? "" : PythonStrings.join(separator, value);
    }

    private static Object items(Object value) {
        if (value instanceof Map<?, ?> map) {
            return PythonStrings.call(map, "items", new Object[0]);
        }
        throw new IllegalArgumentException("items takes a dict");
    }

    private static long length(Object value) {
        if (PythonValues.isUndefined(value)) {
            return 0;
        }
        return switch (value) {
            case String text -> text.codePointCount(0, text.length());
            case Collection<?> items -> items.size();
            case Map<?, ?> map -> map.size();
            default -> throw new IllegalArgumentException("length takes a string, list or dict");
        };
    }
}
