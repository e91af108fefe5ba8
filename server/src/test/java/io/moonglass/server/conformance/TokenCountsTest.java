package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What a prompt is said to amount to is what it costs.
class TokenCountsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int NUM_CONVERSATIONS = 300;
    private static final List<String> WORDS =
            List.of(
                    "red",
                    "a circle?",
                    "☾",
                    "<|im_end|>",
                    "naïve",
                    "  ",
                    "\n",
                    "東京",
                    "<tool_call>",
                    "x=1;",
                    "1234567");

    private final Random random = new Random(20261128);

    @Test
    void token_counts_of_300_random_conversations_are_those_of_their_answers() throws Exception {
        try (TinyServer server = new TinyServer(4_096, options -> options)) {
            for (int i = 0; i < NUM_CONVERSATIONS; i++) {
                ObjectNode body = conversation();
                JsonNode count = ok(server.post("/v1/count_tokens", body.toString()));
                JsonNode answer =
                        ok(
                                server.post(
                                        "/v1/chat/completions",
                                        body.put("max_tokens", 1).toString()));

                JsonNode usage = answer.get("usage");
                assertEquals(
                        usage.get("prompt_tokens"), count.get("prompt_tokens"), body.toString());
                assertEquals(
                        usage.at("/prompt_tokens_details/image_tokens"), count.get("image_tokens"));
                assertEquals(answer.get("images"), count.get("images"));
            }
        }
    }

    private static JsonNode ok(RecordedExchange exchange) throws Exception {
        assertEquals(200, exchange.status(), exchange::toString);
        return JSON.readTree(exchange.answer());
    }

    private ObjectNode conversation() {
        ObjectNode body = JSON.createObjectNode();
        ArrayNode messages = body.putArray("messages");
        if (random.nextInt(3) == 0) {
            messages.addObject().put("role", "system").put("content", text());
        }
        boolean hasTools = random.nextInt(3) == 0;
        if (hasTools) {
            tools(body);
        } else if (random.nextInt(4) == 0) {
            body.putObject("response_format").put("type", "json_object");
        }
        if (random.nextInt(4) == 0) {
            body.put("max_pixels", 784 + random.nextInt(100_000));
        }
        int numTurns = 1 + random.nextInt(4);
        for (int turn = 0; turn < numTurns; turn++) {
            user(messages.addObject());
            if (turn < numTurns - 1) {
                answer(messages, hasTools, "call_" + turn);
            }
        }
        return body;
    }

    private void tools(ObjectNode body) {
        ArrayNode tools = body.putArray("tools");
        for (int i = 0; i <= random.nextInt(3); i++) {
            ObjectNode function = tools.addObject().put("type", "function").putObject("function");
            function.put("name", "tool_" + i);
            if (random.nextBoolean()) {
                function.put("description", text());
            }
            if (random.nextBoolean()) {
                function.putObject("parameters")
                        .put("type", "object")
                        .putObject("properties")
                        .putObject("a")
                        .put("type", "string");
            }
        }
        body.put("tool_choice", random.nextBoolean() ? "auto" : "none");
    }

    private void user(ObjectNode message) {
        message.put("role", "user");
        if (random.nextInt(3) == 0) {
            message.put("content", text());
            return;
        }
        parts(message.putArray("content"));
    }

    private void parts(ArrayNode parts) {
        for (int i = 0; i <= random.nextInt(3); i++) {
            if (random.nextBoolean()) {
                parts.addObject().put("type", "text").put("text", text());
            } else {
                String picture =
                        TinyServer.PICTURES.get(random.nextInt(TinyServer.PICTURES.size()));
                ObjectNode image =
                        parts.addObject().put("type", "image_url").putObject("image_url");
                image.put("url", TinyServer.pictureAddress(picture));
                if (random.nextInt(4) == 0) {
                    image.put("detail", random.nextBoolean() ? "low" : "high");
                }
            }
        }
    }

    private void answer(ArrayNode messages, boolean hasTools, String id) {
        ObjectNode message = messages.addObject().put("role", "assistant");
        if (!hasTools || random.nextBoolean()) {
            message.put("content", text());
            return;
        }
        message.putNull("content");
        message.putArray("tool_calls")
                .addObject()
                .put("id", id)
                .put("type", "function")
                .putObject("function")
                .put("name", "tool_0")
                .put("arguments", "{\"a\":\"" + random.nextInt(100) + "\"}");
        ObjectNode result = messages.addObject().put("role", "tool").put("tool_call_id", id);
        parts(result.putArray("content"));
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i <= random.nextInt(8); i++) {
            text.append(WORDS.get(random.nextInt(WORDS.size()))).append(' ');
        }
        return text.toString();
    }
}
