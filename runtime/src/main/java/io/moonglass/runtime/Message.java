package io.moonglass.runtime;

import java.util.List;

/// One turn of a conversation.
public record Message(Role role, List<ContentPart> content) {

    public Message {
        content = List.copyOf(content);
    }

    public static Message text(Role role, String text) {
        return new Message(role, List.of(new ContentPart.Text(text)));
    }
}
