package io.moonglass.clients;

import java.util.ArrayList;
import java.util.List;

/// One turn of a conversation, as it is sent.
///
/// @param role       `system`, `user`, `assistant` or `tool`
/// @param parts      in the order in which the model sees them; may be empty where tools are called
/// @param toolCalls  what an assistant wants called
/// @param toolCallId whose result this is; null but for the role `tool`
public record ChatMessage(
        String role, List<ContentPart> parts, List<ToolCall> toolCalls, String toolCallId) {

    public ChatMessage {
        parts = List.copyOf(parts);
        toolCalls = List.copyOf(toolCalls);
    }

    public ChatMessage(String role, List<ContentPart> parts) {
        this(role, parts, List.of(), null);
    }

    public static ChatMessage system(String text) {
        return new ChatMessage("system", List.of(ContentPart.text(text)));
    }

    public static ChatMessage user(String text) {
        return new ChatMessage("user", List.of(ContentPart.text(text)));
    }

    public static ChatMessage user(List<ContentPart> parts) {
        return new ChatMessage("user", parts);
    }

    /// A question about media, which the model sees before it.
    public static ChatMessage user(String question, ContentPart... media) {
        List<ContentPart> parts = new ArrayList<>(List.of(media));
        parts.add(ContentPart.text(question));
        return user(parts);
    }

    public static ChatMessage assistant(String text) {
        return new ChatMessage("assistant", List.of(ContentPart.text(text)));
    }

    /// What the model answered, as the next question has it before it.
    public static ChatMessage assistant(ChatCompletion.Answer answer) {
        List<ContentPart> parts =
                answer.content() == null ? List.of() : List.of(ContentPart.text(answer.content()));
        return new ChatMessage(
                "assistant",
                parts,
                answer.toolCalls() == null ? List.of() : answer.toolCalls(),
                null);
    }

    /// What came of a call of a tool: text, and pictures if there are any.
    public static ChatMessage toolResult(String toolCallId, List<ContentPart> parts) {
        return new ChatMessage("tool", parts, List.of(), toolCallId);
    }
}
