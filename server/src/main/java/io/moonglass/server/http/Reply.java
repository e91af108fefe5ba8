package io.moonglass.server.http;

import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.wire.CollectedAnswer;
import java.util.List;
import java.util.Optional;

/// How one call is answered in its dialect: either [#whole] is asked, or the others, in the order in which they stand
/// here. Belongs to the request's thread.
interface Reply {

    /// The id under which the dialect speaks of the answer; empty where it has none.
    default Optional<String> id() {
        return Optional.empty();
    }

    /// @return what Jackson writes as the answer's body
    Object whole(PromptSize prompt, List<CollectedAnswer> answers);

    /// Keeps a stream alive that there is nothing to tell in.
    default void ping(EventStream stream) {
        stream.ping();
    }

    /// What the prompt amounts to; told before the beginning, unless that comes early because a client has waited long.
    default void measured(PromptSize prompt) {}

    /// Where the stages of the request can be read that a stream ends with; told before the beginning.
    default void timedBy(RequestTimeline timeline) {}

    /// Nothing is known yet but that the call is a good one.
    void begin(EventStream stream, int numAnswers);

    /// @param answer which of the call's answers it is of, from 0
    /// @param event  neither the end of the answer nor a fault
    void event(EventStream stream, int answer, GenerationEvent event);

    void finished(EventStream stream, int answer, GenerationEvent.Finished end);

    /// All answers have ended; what the dialect ends a stream with.
    ///
    /// @param ends how, by answer
    void end(EventStream stream, PromptSize prompt, List<GenerationEvent.Finished> ends);

    /// Tells of a fault at any point after the beginning, before prompts are prepared too; nothing comes after it.
    void fault(EventStream stream, HttpFault fault);
}
