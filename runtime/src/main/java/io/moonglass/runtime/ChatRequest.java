package io.moonglass.runtime;

import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/// One question to a [ChatModel].
///
/// @param prompt what the model goes on from
/// @param answer what it answers, and how
/// @param scope  whose request it is, and how urgent
public record ChatRequest(Prompt prompt, AnswerOptions answer, RequestScope scope) {

    /// A conversation of a caller without a name.
    public static ChatRequest of(List<Message> messages, SamplingParameters sampling) {
        return new ChatRequest(
                new Prompt.Conversation(messages, ToolUse.NONE),
                AnswerOptions.of(sampling),
                RequestScope.DEFAULT);
    }

    /// The turns of a conversation; none where the prompt is no conversation.
    public List<Message> messages() {
        return prompt instanceof Prompt.Conversation conversation
                ? conversation.messages()
                : List.of();
    }

    /// The tools of a conversation; none where the prompt is no conversation.
    public ToolUse tools() {
        return prompt instanceof Prompt.Conversation conversation
                ? conversation.tools()
                : ToolUse.NONE;
    }

    public ChatRequest withMaxTokens(int value) {
        return withAnswer(answer -> answer.maxTokens(OptionalInt.of(value)));
    }

    public ChatRequest withAnswer(UnaryOperator<AnswerOptions.Builder> change) {
        return new ChatRequest(prompt, answer.with(change), scope);
    }

    public ChatRequest withScope(RequestScope value) {
        return new ChatRequest(prompt, answer, value);
    }
}
