package io.moonglass.runtime;

import java.util.List;
import java.util.Optional;

/// One turn of a conversation.
///
/// @param toolCalls the calls of tools that the assistant asked for in this turn, after its text
/// @param tool      the name of the tool whose result this is; empty if the role is not [Role#TOOL]
public record Message(
        Role role, List<ContentPart> content, List<ToolCall> toolCalls, Optional<String> tool) {

    public Message {
        content = List.copyOf(content);
        toolCalls = List.copyOf(toolCalls);
        if ((role == Role.TOOL) != tool.isPresent()) {
            throw new IllegalArgumentException(
                    "a message of role %s with tool %s; want a tool's name for TOOL alone"
                            .formatted(role, tool));
        }
    }

    public Message(Role role, List<ContentPart> content) {
        this(role, content, List.of(), Optional.empty());
    }

    public static Message text(Role role, String text) {
        return new Message(role, List.of(new ContentPart.Text(text)));
    }

    /// What a tool gave back.
    public static Message toolResult(String tool, List<ContentPart> content) {
        return new Message(Role.TOOL, content, List.of(), Optional.of(tool));
    }
}
