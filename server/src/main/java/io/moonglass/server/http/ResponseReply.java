package io.moonglass.server.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.wire.CollectedAnswer;
import io.moonglass.runtime.wire.LogprobRecords;
import io.moonglass.server.responses.ResponseOutput;
import io.moonglass.server.responses.ResponseOutput.ReasoningPlace;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Answers as a response object, whole or as its streaming events.
///
/// Source: the types of OpenAI's client for JavaScript, `resources/responses`.
final class ResponseReply implements Reply {

    private final ResponseFrame frame;
    private final ReasoningPlace reasoning;
    private final UnaryOperator<ObjectNode> keep;
    private ResponseOutput output;
    private long sequenceNumber;

    /// @param keep stores what the response has come to, and gives back what its caller is told
    ResponseReply(ResponseFrame frame, ReasoningPlace reasoning, UnaryOperator<ObjectNode> keep) {
        this.frame = frame;
        this.reasoning = reasoning;
        this.keep = keep;
        this.output = output((_, _) -> {});
    }

    @Override
    public Optional<String> id() {
        return Optional.of(frame.id());
    }

    @Override
    public Object whole(PromptSize prompt, List<CollectedAnswer> answers) {
        CollectedAnswer answer = answers.getFirst();
        answer.deltas().forEach(output::add);
        return keep.apply(ended(answer.finished(), prompt));
    }

    @Override
    public void begin(EventStream stream, int numAnswers) {
        output = output((type, fields) -> send(stream, type, fields));
        sendResponse(stream, "response.created", frame.inProgress());
        sendResponse(stream, "response.in_progress", frame.inProgress());
    }

    @Override
    public void event(EventStream stream, int answer, GenerationEvent event) {
        output.add(event);
    }

    @Override
    public void finished(EventStream stream, int answer, Finished end) {}

    @Override
    public void end(EventStream stream, PromptSize prompt, List<Finished> ends) {
        Finished end = ends.getFirst();
        ObjectNode response = keep.apply(ended(end, prompt));
        sendResponse(stream, isWhole(end) ? "response.completed" : "response.incomplete", response);
    }

    @Override
    public void fault(EventStream stream, HttpFault fault) {
        ObjectNode error =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("code", fault.code())
                        .put("message", fault.getMessage())
                        .put("param", fault.param());
        send(stream, "error", error);
        sendResponse(stream, "response.failed", keep.apply(frame.failed(fault, output.items())));
    }

    private ResponseOutput output(ResponseOutput.Listener listener) {
        return new ResponseOutput(
                frame.key(), reasoning, scores -> LogprobRecords.of(scores).content(), listener);
    }

    private ObjectNode ended(Finished end, PromptSize prompt) {
        output.end(isWhole(end));
        return frame.ended(isWhole(end), output.items(), end.usage(), prompt);
    }

    private static boolean isWhole(Finished end) {
        return switch (end.reason()) {
            case STOP -> true;
            case LENGTH -> false;
            case CANCELLED -> throw new IllegalArgumentException("a cancelled answer has no end");
        };
    }

    private void sendResponse(EventStream stream, String type, ObjectNode response) {
        ObjectNode event = JsonNodeFactory.instance.objectNode();
        event.set("response", response);
        send(stream, type, event);
    }

    private void send(EventStream stream, String type, ObjectNode fields) {
        ObjectNode event =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("type", type)
                        .put("sequence_number", sequenceNumber++);
        stream.send(type, event.setAll(fields));
    }
}
