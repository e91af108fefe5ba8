package io.moonglass.loader.template;

import com.hubspot.jinjava.util.ForLoop;
import java.util.List;

/// The `loop` variable of a `for` block.
final class PythonLoop extends ForLoop {

    private final List<?> items;

    PythonLoop(List<?> items) {
        super(items.iterator(), items.size());
        this.items = items;
    }

    /// A property by its Jinja name; null, which is undefined, for every other.
    Object property(String name) {
        int index = getIndex0();
        return switch (name) {
            case "index" -> (long) index + 1;
            case "index0" -> (long) index;
            case "revindex" -> (long) items.size() - index;
            case "revindex0" -> (long) items.size() - index - 1;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            case "previtem" -> index > 0 ? items.get(index - 1) : null;
            case "nextitem" -> index + 1 < items.size() ? items.get(index + 1) : null;
            default -> null;
        };
    }
}
