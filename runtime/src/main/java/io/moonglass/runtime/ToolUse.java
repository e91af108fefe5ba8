package io.moonglass.runtime;

import java.util.List;

/// Which tools there are in a conversation, and which of them the answer may or must call.
///
/// @param tools    all of them, in the caller's order
/// @param choice   whether the answer calls some
/// @param parallel whether it may call more than one
public record ToolUse(List<Tool> tools, Choice choice, boolean parallel) {

    public static final ToolUse NONE = new ToolUse(List.of(), new Choice.Never(), true);

    public ToolUse {
        tools = List.copyOf(tools);
    }

    /// Whether the model is told of the tools.
    public boolean isOffered() {
        return !tools.isEmpty() && !(choice instanceof Choice.Never);
    }

    public sealed interface Choice {
        /// The answer is text; the tools are not shown to the model.
        record Never() implements Choice {}

        /// The model decides.
        record Auto() implements Choice {}

        /// The answer is at least one call, of one of these tools.
        record Required(List<String> names) implements Choice {

            public Required {
                names = List.copyOf(names);
            }
        }
    }
}
