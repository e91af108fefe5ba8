package io.moonglass.runtime;

/// A model's wish to have a tool called.
///
/// @param id        by which the result will refer to it
/// @param name      the tool's
/// @param arguments JSON text, as the model wrote it
public record ToolCall(String id, String name, String arguments) {

    /// What stands before and after a call in a model's text.
    public static final String OPENING = "<tool_call>";

    public static final String CLOSING = "</tool_call>";
}
