package io.moonglass.server.responses;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.clients.Logprobs;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.TokenScore;
import io.moonglass.server.responses.OutputItem.OutputText;
import io.moonglass.server.responses.OutputItem.Status;
import io.moonglass.server.responses.OutputItem.TypedText;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// The items of a response as they come, and the streaming events that tell of them. Used by one thread.
///
/// Source: the types of OpenAI's client for JavaScript, `resources/responses`.
public final class ResponseOutput {

    /// Takes the streaming events.
    public interface Listener {
        /// @param type   of the event, and its name in the stream
        /// @param fields of the event, without its type
        void tell(String type, ObjectNode fields);
    }

    /// Where reasoning stands in its item.
    public enum ReasoningPlace {
        CONTENT("reasoning_text"),
        /// The reasoning is its own summary: for clients that show nothing else.
        SUMMARY("summary_text");

        private final String type;

        ReasoningPlace(String type) {
            this.type = type;
        }
    }

    /// The item that is still being written.
    private sealed interface Open {
        String id();

        record Reasoning(String id, StringBuilder text) implements Open {}

        record Message(String id, StringBuilder text, List<Logprobs.Token> logprobs)
                implements Open {}

        record Call(String id, String callId, String name, StringBuilder arguments)
                implements Open {}
    }

    private final String key;
    private final ReasoningPlace place;
    private final Function<List<TokenScore>, List<Logprobs.Token>> scoresTold;
    private final Listener listener;
    private final List<OutputItem> closed = new ArrayList<>();
    private Open open;

    /// @param key        the response's, of which the ids of its items are made
    /// @param scoresTold makes of tokens' scores what callers are told
    public ResponseOutput(
            String key,
            ReasoningPlace place,
            Function<List<TokenScore>, List<Logprobs.Token>> scoresTold,
            Listener listener) {
        this.scoresTold = scoresTold;
        this.key = key;
        this.place = place;
        this.listener = listener;
    }

    /// The items that are complete.
    public List<OutputItem> items() {
        return List.copyOf(closed);
    }

    /// @param event a delta; others change no item
    public void add(GenerationEvent event) {
        switch (event) {
            case GenerationEvent.ReasoningDelta(String text) -> reasoning(text);
            case GenerationEvent.TextDelta(String text, List<TokenScore> scores) ->
                    text(text, scoresTold.apply(scores));
            case GenerationEvent.ToolCallBegun call -> begin(call);
            case GenerationEvent.ToolArgumentsDelta(_, String json) -> arguments(json);
            case GenerationEvent.PromptMeasured _,
                    GenerationEvent.PicturesPrepared _,
                    GenerationEvent.PromptScored _,
                    GenerationEvent.Finished _,
                    GenerationEvent.Failed _ -> {}
        }
    }

    /// The answer has ended.
    ///
    /// @param whole no limit has cut it
    public void end(boolean whole) {
        boolean isAnswer =
                open instanceof Open.Message
                        || closed.stream()
                                .anyMatch(item -> !(item instanceof OutputItem.Reasoning));
        if (whole && !isAnswer && !(open instanceof Open.Call)) {
            message(); // readers of a whole response want a message in it, however empty
        }
        close(whole ? Status.COMPLETED : Status.INCOMPLETE);
    }

    private void reasoning(String text) {
        if (!(open instanceof Open.Reasoning)) {
            openNext(new Open.Reasoning(nextId("rs"), new StringBuilder()));
            switch (place) {
                case CONTENT ->
                        listener.tell("response.content_part.added", partEvent(reasoningText("")));
                case SUMMARY ->
                        listener.tell(
                                "response.reasoning_summary_part.added",
                                partEvent(reasoningText("")));
            }
        }
        ((Open.Reasoning) open).text().append(text);
        switch (place) {
            case CONTENT ->
                    listener.tell("response.reasoning_text.delta", partEvent().put("delta", text));
            case SUMMARY ->
                    listener.tell(
                            "response.reasoning_summary_text.delta",
                            partEvent().put("delta", text));
        }
    }

    private void text(String text, List<Logprobs.Token> logprobs) {
        Open.Message message = message();
        message.text().append(text);
        message.logprobs().addAll(logprobs);
        ObjectNode event = partEvent().put("delta", text);
        event.putPOJO("logprobs", logprobs);
        listener.tell("response.output_text.delta", event);
    }

    private Open.Message message() {
        if (open instanceof Open.Message message) {
            return message;
        }
        Open.Message message =
                new Open.Message(nextId("msg"), new StringBuilder(), new ArrayList<>());
        openNext(message);
        listener.tell("response.content_part.added", partEvent(new OutputText("", List.of())));
        return message;
    }

    private void begin(GenerationEvent.ToolCallBegun call) {
        openNext(new Open.Call(nextId("fc"), call.id(), call.name(), new StringBuilder()));
    }

    private void arguments(String json) {
        if (open instanceof Open.Call call) {
            call.arguments().append(json);
            listener.tell("response.function_call_arguments.delta", itemEvent().put("delta", json));
        }
    }

    private void openNext(Open next) {
        close(Status.COMPLETED);
        open = next;
        ObjectNode event = outputEvent();
        event.putPOJO("item", begun(next));
        listener.tell("response.output_item.added", event);
    }

    private static OutputItem begun(Open next) {
        return switch (next) {
            case Open.Reasoning(String id, _) ->
                    new OutputItem.Reasoning(id, List.of(), List.of(), Status.IN_PROGRESS);
            case Open.Message(String id, _, _) ->
                    new OutputItem.Message(id, List.of(), Status.IN_PROGRESS);
            case Open.Call(String id, String callId, String name, _) ->
                    new OutputItem.FunctionCall(id, callId, name, "", Status.IN_PROGRESS);
        };
    }

    private void close(Status status) {
        if (open == null) {
            return;
        }
        OutputItem item =
                switch (open) {
                    case Open.Reasoning(String id, StringBuilder text) ->
                            endedReasoning(id, text.toString(), status);
                    case Open.Message(
                                    String id,
                                    StringBuilder text,
                                    List<Logprobs.Token> logprobs) ->
                            endedMessage(id, new OutputText(text.toString(), logprobs), status);
                    case Open.Call call -> endedCall(call, status);
                };
        ObjectNode event = outputEvent();
        event.putPOJO("item", item);
        listener.tell("response.output_item.done", event);
        closed.add(item);
        open = null;
    }

    private OutputItem endedReasoning(String id, String text, Status status) {
        TypedText part = reasoningText(text);
        return switch (place) {
            case CONTENT -> {
                listener.tell("response.reasoning_text.done", partEvent().put("text", text));
                listener.tell("response.content_part.done", partEvent(part));
                yield new OutputItem.Reasoning(id, List.of(), List.of(part), status);
            }
            case SUMMARY -> {
                listener.tell(
                        "response.reasoning_summary_text.done", partEvent().put("text", text));
                listener.tell("response.reasoning_summary_part.done", partEvent(part));
                yield new OutputItem.Reasoning(id, List.of(part), List.of(), status);
            }
        };
    }

    private OutputItem endedMessage(String id, OutputText part, Status status) {
        ObjectNode event = partEvent().put("text", part.text());
        event.putPOJO("logprobs", part.logprobs());
        listener.tell("response.output_text.done", event);
        listener.tell("response.content_part.done", partEvent(part));
        return new OutputItem.Message(id, List.of(part), status);
    }

    private OutputItem endedCall(Open.Call call, Status status) {
        String arguments = call.arguments().toString();
        listener.tell(
                "response.function_call_arguments.done",
                itemEvent().put("name", call.name()).put("arguments", arguments));
        return new OutputItem.FunctionCall(
                call.id(), call.callId(), call.name(), arguments, status);
    }

    private TypedText reasoningText(String text) {
        return new TypedText(place.type, text);
    }

    private String nextId(String prefix) {
        int index = closed.size() + (open == null ? 0 : 1);
        return prefix + "_" + key + "_" + index;
    }

    private ObjectNode outputEvent() {
        return JsonNodeFactory.instance.objectNode().put("output_index", closed.size());
    }

    private ObjectNode itemEvent() {
        return outputEvent().put("item_id", open.id());
    }

    private ObjectNode partEvent() {
        boolean isSummary = open instanceof Open.Reasoning && place == ReasoningPlace.SUMMARY;
        return itemEvent().put(isSummary ? "summary_index" : "content_index", 0);
    }

    private ObjectNode partEvent(Object part) {
        ObjectNode event = partEvent();
        event.putPOJO("part", part);
        return event;
    }
}
