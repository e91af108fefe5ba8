package io.moonglass.loader.template;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.NullValue;
import com.hubspot.jinjava.lib.filter.Filter;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;

/// The `tojson` filter: `json.dumps(value, ensure_ascii=False, indent=indent)` of Python.
final class PythonJson implements Filter {

    private static final int MAX_DEPTH = 100;

    private final StringBuilder out = new StringBuilder();
    private final String indent;

    /// The filter itself.
    PythonJson() {
        this(null);
    }

    private PythonJson(String indent) {
        this.indent = indent;
    }

    static String dumps(Object value) {
        return dumps(value, null);
    }

    private static String dumps(Object value, String indent) {
        PythonJson json = new PythonJson(indent);
        json.write(value, 0);
        return json.out.toString();
    }

    @Override
    public String getName() {
        return "tojson";
    }

    @Override
    public Object filter(Object value, JinjavaInterpreter interpreter, String... arguments) {
        return dumps(value);
    }

    @Override
    public Object filter(
            Object value,
            JinjavaInterpreter interpreter,
            Object[] arguments,
            Map<String, Object> namedArguments) {
        Object width = arguments.length > 0 ? arguments[0] : namedArguments.get("indent");
        if (arguments.length > 1
                || namedArguments.keySet().stream().anyMatch(key -> !key.equals("indent"))) {
            throw new IllegalArgumentException("tojson takes only an indent");
        }
        if (PythonValues.isUndefined(width)) {
            return dumps(value);
        }
        return dumps(value, " ".repeat(Math.clamp(PythonValues.integer(width), 0, 16)));
    }

    private void write(Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw new StopRendering("nests values more than %d deep".formatted(MAX_DEPTH));
        }
        switch (value) {
            case null -> out.append("null");
            case NullValue _ -> out.append("null");
            case Boolean _, Number _ -> out.append(value);
            case Map<?, ?> map -> writeObject(map, depth);
            case Collection<?> items -> writeArray(items, depth);
            default -> writeString(value.toString());
        }
        PythonValues.checkLength(out.length());
    }

    private void writeObject(Map<?, ?> map, int depth) {
        out.append('{');
        for (Iterator<? extends Map.Entry<?, ?>> i = map.entrySet().iterator(); i.hasNext(); ) {
            Map.Entry<?, ?> entry = i.next();
            newLine(depth + 1);
            writeString(PythonValues.str(entry.getKey()));
            out.append(": ");
            write(entry.getValue(), depth + 1);
            separate(i.hasNext(), depth);
        }
        out.append('}');
    }

    private void writeArray(Collection<?> items, int depth) {
        out.append('[');
        for (Iterator<?> i = items.iterator(); i.hasNext(); ) {
            newLine(depth + 1);
            write(i.next(), depth + 1);
            separate(i.hasNext(), depth);
        }
        out.append(']');
    }

    private void separate(boolean more, int depth) {
        if (more) {
            out.append(indent == null ? ", " : ",");
        } else {
            newLine(depth);
        }
    }

    private void newLine(int depth) {
        if (indent != null) {
            out.append('\n').repeat(indent, depth);
        }
    }

    private void writeString(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            switch (character) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (character < ' ') {
                        out.append("\\u%04x".formatted((int) character));
                    } else {
                        out.append(character);
                    }
                }
            }
        }
        out.append('"');
    }
}
