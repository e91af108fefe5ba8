package io.moonglass.loader.template;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.NullValue;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.tree.parse.TagToken;
import com.hubspot.jinjava.util.ObjectTruthValue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `{% for names in items if condition %} … {% else %} … {% endfor %}` as Jinja2 has it. Jinjava's own
/// tag knows no condition (it renders nothing instead) and lets what one pass sets leak into the next.
final class PythonForTag implements Tag {

    private static final long serialVersionUID = 1;

    private static final String LOOP = "loop";
    private static final Pattern HEAD =
            Pattern.compile(
                    "\\s*([A-Za-z_]\\w*(?:\\s*,\\s*[A-Za-z_]\\w*)*)\\s+in\\s+(.*)", Pattern.DOTALL);

    @Override
    public String getName() {
        return "for";
    }

    @Override
    public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
        Matcher head = HEAD.matcher(((TagToken) tag.getMaster()).getHelpers());
        if (!head.matches() || head.group(2).isBlank()) {
            throw new IllegalArgumentException(
                    "%s is no 'for names in items'".formatted(tag.getMaster().getImage()));
        }
        String[] names = head.group(1).split("\\s*,\\s*");
        int ifAt = topLevelIf(head.group(2));
        String expression = ifAt < 0 ? head.group(2) : head.group(2).substring(0, ifAt);
        List<Object> items =
                items(interpreter.resolveELExpression(expression.strip(), tag.getLineNumber()));
        if (ifAt >= 0) {
            String condition = head.group(2).substring(ifAt + 2).strip();
            items.removeIf(item -> !holds(condition, names, item, tag, interpreter));
        }
        int elseAt = elseIndex(tag.getChildren());
        if (items.isEmpty()) {
            return elseAt < 0
                    ? ""
                    : render(
                            tag.getChildren().subList(elseAt + 1, tag.getChildren().size()),
                            null,
                            interpreter);
        }
        List<Node> body = elseAt < 0 ? tag.getChildren() : tag.getChildren().subList(0, elseAt);
        PythonLoop loop = new PythonLoop(items);
        StringBuilder out = new StringBuilder();
        while (loop.hasNext()) {
            Object item = loop.next();
            try (var _ = interpreter.enterScope()) {
                interpreter.getContext().put(LOOP, loop);
                bind(names, item, interpreter);
                out.append(render(body, loop, interpreter));
            }
            PythonValues.checkLength(out.length());
        }
        return out.toString();
    }

    private static String render(
            List<Node> nodes, PythonLoop loop, JinjavaInterpreter interpreter) {
        StringBuilder out = new StringBuilder();
        for (Node node : nodes) {
            out.append(node.render(interpreter).getValue());
            PythonValues.checkLength(out.length());
            if (loop != null && loop.isContinued()) {
                break;
            }
        }
        return out.toString();
    }

    private static boolean holds(
            String condition,
            String[] names,
            Object item,
            TagNode tag,
            JinjavaInterpreter interpreter) {
        try (var _ = interpreter.enterScope()) {
            bind(names, item, interpreter);
            return ObjectTruthValue.evaluate(
                    interpreter.resolveELExpression(condition, tag.getLineNumber()));
        }
    }

    private static void bind(String[] names, Object item, JinjavaInterpreter interpreter) {
        if (names.length == 1) {
            put(names[0], item, interpreter);
            return;
        }
        if (!(item instanceof List<?> values) || values.size() != names.length) {
            throw new IllegalArgumentException(
                    "for wants %d values in each item".formatted(names.length));
        }
        for (int i = 0; i < names.length; i++) {
            put(names[i], values.get(i), interpreter);
        }
    }

    /// A null would let an outer variable of the same name show through.
    private static void put(String name, Object value, JinjavaInterpreter interpreter) {
        interpreter
                .getContext()
                .put(name, value == null ? NullValue.INSTANCE : interpreter.wrap(value));
    }

    private static List<Object> items(Object value) {
        return switch (value) {
            case null -> new ArrayList<>();
            case NullValue _ -> new ArrayList<>();
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case Collection<?> collection -> new ArrayList<>(collection);
            case String text -> {
                List<Object> characters = new ArrayList<>();
                text.codePoints().forEach(c -> characters.add(Character.toString(c)));
                PythonValues.checkSize(characters.size());
                yield characters;
            }
            default -> throw new IllegalArgumentException("for wants a list");
        };
    }

    private static int elseIndex(List<Node> children) {
        for (int i = 0; i < children.size(); i++) {
            if (children.get(i) instanceof TagNode tag && tag.getName().equals("else")) {
                return i;
            }
        }
        return -1;
    }

    /// Where a word `if` stands outside brackets and quotes, or -1.
    private static int topLevelIf(String expression) {
        int depth = 0;
        char quote = 0;
        for (int i = 0; i < expression.length(); i++) {
            char character = expression.charAt(i);
            if (quote != 0) {
                if (character == '\\') {
                    i++;
                } else if (character == quote) {
                    quote = 0;
                }
            } else if (character == '\'' || character == '"') {
                quote = character;
            } else if ("([{".indexOf(character) >= 0) {
                depth++;
            } else if (")]}".indexOf(character) >= 0) {
                depth--;
            } else if (depth == 0
                    && i > 0
                    && !isNamePart(expression.charAt(i - 1))
                    && expression.startsWith("if", i)
                    && (i + 2 == expression.length() || !isNamePart(expression.charAt(i + 2)))) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isNamePart(char character) {
        return character == '_' || Character.isLetterOrDigit(character);
    }
}
