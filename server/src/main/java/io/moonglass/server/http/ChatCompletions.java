package io.moonglass.server.http;

import io.helidon.webserver.CloseConnectionException;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Failed;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.GenerationEvent.ReasoningDelta;
import io.moonglass.runtime.GenerationEvent.TextDelta;
import io.moonglass.server.http.GenerationEvents.Step;
import io.moonglass.server.http.GenerationEvents.Stop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Answers `POST /v1/chat/completions`, whole or piece by piece. A generation ends with its request.
final class ChatCompletions {

    private final RunningRequests requests;
    private final Duration pingInterval;
    private final Optional<Duration> timeout;

    /// @param timeout of every request; one may ask for a shorter one
    ChatCompletions(RunningRequests requests, Duration pingInterval, Optional<Duration> timeout) {
        this.requests = requests;
        this.pingInterval = pingInterval;
        this.timeout = timeout;
    }

    void answer(Exchange exchange, ChatModel model) {
        ChatCompletionCall call =
                ChatCompletionReader.read(
                        exchange.readJson(), model.defaultSampling(), exchange.caller());
        String wanted = call.model().orElse(model.name());
        if (!wanted.equals(model.name())) {
            throw HttpFault.modelNotFound(wanted, model.name());
        }
        Optional<Duration> shorter =
                Stream.of(timeout, call.timeout())
                        .flatMap(Optional::stream)
                        .min(Duration::compareTo);
        try (RunningRequest request = requests.begin(exchange, call.numAnswers(), shorter)) {
            request.generate(model, call.request());
            ChatCompletionReply reply = ChatCompletionReply.of(model.name(), call.returnTokenIds());
            if (call.stream()) {
                answerInPieces(exchange, request, reply, call.includeUsage());
            } else {
                answerWhole(exchange, request, reply);
            }
        }
    }

    private void answerWhole(Exchange exchange, RunningRequest request, ChatCompletionReply reply) {
        List<CollectedAnswer> answers =
                Stream.generate(CollectedAnswer::new).limit(request.numAnswers()).toList();
        int numOpen = answers.size();
        while (numOpen > 0) {
            switch (next(request)) {
                case Step.Silence() -> {}
                case Step.Stopped(Stop reason) -> throw reason.fault();
                case Step.Event(int answer, GenerationEvent event) -> {
                    collect(event, answers.get(answer));
                    numOpen -= event instanceof Finished ? 1 : 0;
                }
            }
        }
        request.complete();
        exchange.answer(reply.whole(answers));
    }

    private static void collect(GenerationEvent event, CollectedAnswer answer) {
        switch (event) {
            case TextDelta(String more) -> answer.addText(more);
            case ReasoningDelta(String more) -> answer.addReasoning(more);
            case Finished end -> answer.finish(completed(end));
            case Failed(RuntimeException cause) -> throw cause;
        }
    }

    private void answerInPieces(
            Exchange exchange,
            RunningRequest request,
            ChatCompletionReply reply,
            boolean includeUsage) {
        EventStream stream = exchange.answerWithEvents();
        try {
            for (int answer = 0; answer < request.numAnswers(); answer++) {
                stream.send(reply.first(answer));
            }
            List<Finished> ends = sendPieces(stream, request, reply);
            if (includeUsage) {
                stream.send(reply.usage(ends));
            }
            request.complete();
            stream.done();
        } catch (CloseConnectionException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            request.close(); // its id is free before its client knows of the end
            // The status is long sent: the fault goes into the stream, which then lacks its [DONE].
            exchange.fail(HttpFault.of(e, exchange.requestId()), stream);
        }
        stream.close();
    }

    /// Sends all answers as they come, interleaved.
    ///
    /// @return how each ended
    private List<Finished> sendPieces(
            EventStream stream, RunningRequest request, ChatCompletionReply reply) {
        List<Finished> ends = new ArrayList<>();
        while (ends.size() < request.numAnswers()) {
            switch (next(request)) {
                case Step.Silence() -> stream.ping();
                case Step.Stopped(Stop reason) -> throw reason.fault();
                case Step.Event(int answer, TextDelta(String more)) ->
                        stream.send(reply.text(answer, more));
                case Step.Event(int answer, ReasoningDelta(String more)) ->
                        stream.send(reply.reasoning(answer, more));
                case Step.Event(int answer, Finished end) -> {
                    ends.add(completed(end));
                    stream.send(reply.last(answer, end));
                }
                case Step.Event(_, Failed(RuntimeException cause)) -> throw cause;
            }
        }
        return ends;
    }

    private Step next(RunningRequest request) {
        try {
            return request.next(pingInterval);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("interrupted: the server stops", e);
        }
    }

    /// An answer that someone else ended, as a closing model does, must not pass for a whole one.
    private static Finished completed(Finished finished) {
        if (finished.reason() == FinishReason.CANCELLED) {
            throw HttpFault.shuttingDown();
        }
        return finished;
    }
}
