package io.moonglass.loader.template;

import com.hubspot.jinjava.interpret.NullValue;
import java.util.Collection;
import java.util.Map;

/// Python's `repr` of lists and dicts and of what is in them: how a template prints a value that is
/// no string.
final class PythonRepr {

    private static final int MAX_DEPTH = 100;

    private final StringBuilder out = new StringBuilder();

    private PythonRepr() {}

    static String of(Object value) {
        PythonRepr repr = new PythonRepr();
        repr.write(value, 0);
        return repr.out.toString();
    }

    private void write(Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw new StopRendering("nests values more than %d deep".formatted(MAX_DEPTH));
        }
        switch (value) {
            case null -> out.append("None");
            case NullValue _ -> out.append("None");
            case Boolean _, Number _ -> out.append(PythonValues.str(value));
            case Map<?, ?> map -> {
                String separator = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(separator);
                    write(entry.getKey(), depth + 1);
                    out.append(": ");
                    write(entry.getValue(), depth + 1);
                    separator = ", ";
                }
                out.append(map.isEmpty() ? "{}" : "}");
            }
            case Collection<?> items -> {
                String separator = "[";
                for (Object item : items) {
                    out.append(separator);
                    write(item, depth + 1);
                    separator = ", ";
                }
                out.append(items.isEmpty() ? "[]" : "]");
            }
            default -> writeString(value.toString());
        }
        PythonValues.checkLength(out.length());
    }

    private void writeString(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            switch (character) {
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (character == quote) {
                        out.append('\\');
                    }
                    out.append(character);
                }
            }
        }
        out.append(quote);
    }
}
