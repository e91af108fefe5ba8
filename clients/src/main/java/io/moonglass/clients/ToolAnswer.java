package io.moonglass.clients;

import java.util.List;

/// What a model answered after its tools were called.
///
/// @param completion the last answer, which calls none
/// @param messages   all that was said since the question: calls, their results, and the last answer
public record ToolAnswer(ChatCompletion completion, List<ChatMessage> messages) {

    public ToolAnswer {
        messages = List.copyOf(messages);
    }

    /// The last answer's text.
    public String text() {
        return completion.text();
    }
}
