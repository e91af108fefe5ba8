package io.moonglass.server.http;

import io.moonglass.clients.ChatCompletion;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.wire.ChatCompletionWriter;
import io.moonglass.runtime.wire.CollectedAnswer;
import java.util.List;
import java.util.Optional;

/// Answers as chat completions.
final class ChatCompletionReply implements Reply {

    private final ChatCompletionWriter writer;
    private Optional<RequestTimeline> timeline = Optional.empty();

    ChatCompletionReply(ChatCompletionWriter writer) {
        this.writer = writer;
    }

    @Override
    public Optional<String> id() {
        return Optional.of(writer.id());
    }

    @Override
    public ChatCompletion whole(PromptSize prompt, List<CollectedAnswer> answers) {
        return writer.whole(prompt, answers);
    }

    @Override
    public void timedBy(RequestTimeline measured) {
        timeline = Optional.of(measured);
    }

    @Override
    public void begin(EventStream stream, int numAnswers) {
        writer.begin(numAnswers).forEach(stream::send);
    }

    @Override
    public void event(EventStream stream, int index, GenerationEvent event) {
        writer.piece(index, event).ifPresent(stream::send);
    }

    @Override
    public void finished(EventStream stream, int index, Finished end) {
        stream.send(writer.finished(index, end));
    }

    @Override
    public void end(EventStream stream, PromptSize prompt, List<Finished> ends) {
        writer.end(prompt, ends).ifPresent(stream::send);
        timeline.flatMap(writer::timings).ifPresent(stream::send);
        stream.done();
    }

    @Override
    public void fault(EventStream stream, HttpFault fault) {
        stream.send(fault.body());
    }
}
