package io.moonglass.runtime;

import java.util.List;

/// What a model is to go on from.
public sealed interface Prompt {

    /// Turns that the chat template renders, and then the model's own turn.
    record Conversation(List<Message> messages, ToolUse tools) implements Prompt {

        public Conversation {
            messages = List.copyOf(messages);
        }
    }

    /// A text as it is, without any template. Names of special tokens in it are only text.
    record Text(String text) implements Prompt {}

    /// Token ids as they are; special ones are allowed, placeholders of pictures are not.
    record Tokens(int[] tokenIds) implements Prompt {

        public Tokens {
            tokenIds = tokenIds.clone();
        }
    }
}
