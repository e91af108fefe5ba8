package io.moonglass.server.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.ToolCall;
import io.moonglass.runtime.Usage;
import io.moonglass.runtime.wire.CollectedAnswer;
import io.moonglass.runtime.wire.UsageRecord;
import java.util.List;
import java.util.Optional;

/// Answers as a message of Anthropic's, whole or as its streaming events.
///
/// Source: the types of Anthropic's client for JavaScript, `resources/messages`.
final class AnthropicReply implements Reply {

    private static final ObjectMapper JSON = new ObjectMapper();

    /// Which kind of block is being streamed.
    private enum Block {
        NONE,
        THINKING,
        TEXT,
        TOOL_USE
    }

    private final String id = "msg_" + RequestId.random();
    private final String requestId;
    private final String model;
    private final boolean showsThinking;
    private int numPromptTokens;
    private Block open = Block.NONE;
    private int index = -1;
    private boolean calledTools;

    /// @param showsThinking otherwise blocks of thinking are empty
    AnthropicReply(String requestId, String model, boolean showsThinking) {
        this.requestId = requestId;
        this.model = model;
        this.showsThinking = showsThinking;
    }

    @Override
    public Optional<String> id() {
        return Optional.of(id);
    }

    @Override
    public Object whole(PromptSize prompt, List<CollectedAnswer> answers) {
        CollectedAnswer answer = answers.getFirst();
        ObjectNode message = message();
        ArrayNode content = message.putArray("content");
        if (!answer.reasoning().isEmpty()) {
            content.add(thinking(showsThinking ? answer.reasoning() : ""));
        }
        if (!answer.text().isEmpty()) {
            content.add(text(answer.text()));
        }
        for (ToolCall call : answer.toolCalls()) {
            content.add(toolUse(call.id(), call.name(), input(call.arguments())));
        }
        calledTools = !answer.toolCalls().isEmpty();
        message.setAll(stop(answer.finished()));
        message.set("usage", usage(answer.finished().usage()));
        putImages(message, prompt);
        return message;
    }

    /// Readers want an object. A call that was cut by the token limit has none.
    private static JsonNode input(String arguments) {
        try {
            JsonNode input = JSON.readTree(arguments);
            if (input.isObject()) {
                return input;
            }
        } catch (JsonProcessingException _) {
            // as if there was nothing in it: the stop reason tells why
        }
        return JsonNodeFactory.instance.objectNode();
    }

    /// A stream's first event tells it.
    @Override
    public void measured(PromptSize prompt) {
        numPromptTokens = prompt.tokens();
    }

    @Override
    public void ping(EventStream stream) {
        send(stream, event("ping"));
    }

    @Override
    public void begin(EventStream stream, int numAnswers) {
        ObjectNode message = message();
        message.putArray("content");
        message.putNull("stop_reason").putNull("stop_sequence").putNull("stop_details");
        message.set("usage", usage(new Usage(numPromptTokens, 0, 0, 0, 0, 0)));
        ObjectNode event = event("message_start");
        event.set("message", message);
        send(stream, event);
    }

    @Override
    public void event(EventStream stream, int answer, GenerationEvent event) {
        switch (event) {
            case GenerationEvent.ReasoningDelta(String more) -> {
                open(stream, Block.THINKING, thinking(""));
                if (showsThinking) {
                    delta(stream, "thinking_delta", "thinking", more);
                }
            }
            case GenerationEvent.TextDelta(String more, _) -> {
                if (!more.isEmpty()) {
                    open(stream, Block.TEXT, text(""));
                    delta(stream, "text_delta", "text", more);
                }
            }
            case GenerationEvent.ToolCallBegun call -> {
                close(stream);
                calledTools = true;
                open(
                        stream,
                        Block.TOOL_USE,
                        toolUse(call.id(), call.name(), JsonNodeFactory.instance.objectNode()));
            }
            case GenerationEvent.ToolArgumentsDelta(_, String json) ->
                    delta(stream, "input_json_delta", "partial_json", json);
            case GenerationEvent.PromptMeasured _,
                    GenerationEvent.PicturesPrepared _,
                    GenerationEvent.PromptScored _,
                    Finished _,
                    GenerationEvent.Failed _ -> {}
        }
    }

    private void open(EventStream stream, Block kind, ObjectNode block) {
        if (open == kind) {
            return;
        }
        close(stream);
        open = kind;
        index++;
        ObjectNode event = event("content_block_start").put("index", index);
        event.set("content_block", block);
        send(stream, event);
    }

    private void close(EventStream stream) {
        if (open == Block.NONE) {
            return;
        }
        if (open == Block.THINKING) {
            delta(stream, "signature_delta", "signature", "");
        }
        send(stream, event("content_block_stop").put("index", index));
        open = Block.NONE;
    }

    private void delta(EventStream stream, String type, String key, String more) {
        ObjectNode event = event("content_block_delta").put("index", index);
        event.putObject("delta").put("type", type).put(key, more);
        send(stream, event);
    }

    @Override
    public void finished(EventStream stream, int answer, Finished end) {
        close(stream);
    }

    @Override
    public void end(EventStream stream, PromptSize prompt, List<Finished> ends) {
        ObjectNode event = event("message_delta");
        event.set("delta", stop(ends.getFirst()));
        event.set("usage", usage(ends.getFirst().usage()));
        putImages(event, prompt);
        send(stream, event);
        send(stream, event("message_stop"));
    }

    @Override
    public void fault(EventStream stream, HttpFault fault) {
        stream.send("error", AnthropicFault.of(fault, requestId));
    }

    /// The pictures and videos as the model saw them: what Anthropic's clients skip, and others want to know.
    private static void putImages(ObjectNode holder, PromptSize prompt) {
        if (!prompt.pictures().isEmpty()) {
            holder.putPOJO("images", UsageRecord.images(prompt));
        }
        if (!prompt.videos().isEmpty()) {
            holder.putPOJO("videos", UsageRecord.videos(prompt));
        }
    }

    private ObjectNode message() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", id)
                .put("type", "message")
                .put("role", "assistant")
                .put("model", model)
                .putNull("container")
                .putNull("diagnostics");
    }

    private static ObjectNode thinking(String text) {
        // nothing here is signed: no reasoning of earlier turns is shown to the model
        return block("thinking").put("thinking", text).put("signature", "");
    }

    private static ObjectNode text(String text) {
        return block("text").put("text", text).putNull("citations");
    }

    private static ObjectNode toolUse(String id, String name, JsonNode input) {
        ObjectNode block = block("tool_use").put("id", id).put("name", name);
        block.set("input", input);
        block.putObject("caller").put("type", "direct");
        return block;
    }

    private static ObjectNode block(String type) {
        return event(type);
    }

    private ObjectNode stop(Finished end) {
        ObjectNode stop = JsonNodeFactory.instance.objectNode();
        stop.put("stop_reason", stopReason(end));
        stop.put("stop_sequence", end.stop().orElse(null));
        return stop.putNull("stop_details");
    }

    private String stopReason(Finished end) {
        return switch (end.reason()) {
            case LENGTH -> "max_tokens";
            case STOP -> {
                if (end.stop().isPresent()) {
                    yield "stop_sequence";
                }
                yield calledTools ? "tool_use" : "end_turn";
            }
            case CANCELLED -> throw new IllegalArgumentException("a cancelled answer has no end");
        };
    }

    /// Tokens that were found in the cache are told apart from the rest of the prompt's.
    private static ObjectNode usage(Usage usage) {
        ObjectNode told = JsonNodeFactory.instance.objectNode();
        told.put("input_tokens", usage.promptTokens() - usage.cachedTokens())
                .put("cache_read_input_tokens", usage.cachedTokens())
                .put("cache_creation_input_tokens", 0)
                .putNull("cache_creation")
                .put("output_tokens", usage.completionTokens());
        told.putObject("output_tokens_details").put("thinking_tokens", usage.reasoningTokens());
        return told.putNull("server_tool_use")
                .putNull("inference_geo")
                .put("service_tier", "standard")
                .putNull("speed");
    }

    private static ObjectNode event(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }

    private static void send(EventStream stream, ObjectNode event) {
        stream.send(event.get("type").textValue(), event);
    }
}
