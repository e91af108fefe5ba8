package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/// One turn of a conversation, as it is sent.
///
/// @param role `system`, `user` or `assistant`
public record ChatMessage(String role, @JsonIgnore List<ContentPart> parts) {

    public ChatMessage {
        parts = List.copyOf(parts);
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

    public static ChatMessage assistant(String text) {
        return new ChatMessage("assistant", List.of(ContentPart.text(text)));
    }

    /// Text alone goes as a plain string, which every server of the dialect takes.
    @JsonProperty("content")
    Object content() {
        return parts.size() == 1 && parts.get(0) instanceof ContentPart.Text text
                ? text.text()
                : parts;
    }
}
