package io.moonglass.server.http;

import io.moonglass.clients.VqaAnswer;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.wire.CollectedAnswer;
import io.moonglass.runtime.wire.VqaWriter;
import java.util.List;

/// Answers a question about pictures.
record VqaReply(VqaWriter writer) implements Reply {

    @Override
    public VqaAnswer whole(PromptSize prompt, List<CollectedAnswer> answers) {
        return writer.whole(prompt, answers.getFirst());
    }

    @Override
    public void begin(EventStream stream, int numAnswers) {}

    @Override
    public void event(EventStream stream, int index, GenerationEvent event) {
        stream.send(writer.piece(event));
    }

    @Override
    public void finished(EventStream stream, int index, Finished end) {}

    @Override
    public void end(EventStream stream, PromptSize prompt, List<Finished> ends) {
        stream.send(writer.end(prompt, ends.getFirst()));
        stream.done();
    }

    @Override
    public void fault(EventStream stream, HttpFault fault) {
        stream.send(fault.body());
    }
}
