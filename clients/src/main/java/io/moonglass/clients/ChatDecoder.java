package io.moonglass.clients;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/// Reads the events of a streamed chat completion.
final class ChatDecoder implements EventDecoder<ChatCompletionChunk> {

    private final FaultReader faults;
    private final StringBuilder text = new StringBuilder();

    ChatDecoder(FaultReader faults) {
        this.faults = faults;
    }

    @Override
    public ChatCompletionChunk decode(String data) throws IOException {
        JsonNode event = Json.MAPPER.readTree(data);
        if (event.has("error")) {
            throw faults.ofEvent(event.get("error"));
        }
        ChatCompletionChunk chunk = Json.MAPPER.treeToValue(event, ChatCompletionChunk.class);
        if (!chunk.choices().isEmpty() && chunk.choices().get(0).index() == 0) {
            text.append(chunk.text());
        }
        return chunk;
    }

    /// Of the first answer, if there are several.
    @Override
    public String text() {
        return text.toString();
    }
}
