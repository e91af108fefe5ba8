package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;

/// A tool that the model wants called, or a piece of that.
///
/// @param index which of the answer's calls it is, from 0; null in a whole answer
/// @param id    by which the tool's result refers to it; null in a piece but the first
/// @param type  `function`; null in a piece but the first
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ToolCall(Integer index, String id, String type, Function function) {

    /// @param name      null in a piece but the first
    /// @param arguments JSON text, or a piece of it
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Function(String name, String arguments) {}
}
