package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.webserver.CloseConnectionException;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Failed;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.server.http.GenerationEvents.Step;
import io.moonglass.server.http.GenerationEvents.Stop;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Has a model answer a call, whole or piece by piece, whatever the dialect. A generation ends with its
/// request.
final class Answers {

    private final RunningRequests requests;
    private final Duration pingInterval;
    private final Optional<Duration> timeout;

    /// @param timeout of every request; one may ask for a shorter one
    Answers(RunningRequests requests, Duration pingInterval, Optional<Duration> timeout) {
        this.requests = requests;
        this.pingInterval = pingInterval;
        this.timeout = timeout;
    }

    void answer(Exchange exchange, Dialect dialect, ServedModel served) {
        JsonNode body = exchange.readJson();
        ChatModel model = served.named(RequestFields.of("", body));
        Dialect.Question question = dialect.read(body, model, exchange.caller());
        Call call = question.call();
        Optional<Duration> shorter =
                Stream.of(timeout, call.timeout())
                        .flatMap(Optional::stream)
                        .min(Duration::compareTo);
        try (RunningRequest request = requests.begin(exchange, call.numAnswers(), shorter)) {
            request.generate(model, call.request());
            if (call.stream()) {
                answerInPieces(exchange, request, question.reply());
            } else {
                answerWhole(exchange, request, question.reply());
            }
        }
    }

    private void answerWhole(Exchange exchange, RunningRequest request, Reply reply) {
        List<CollectedAnswer> answers =
                Stream.generate(CollectedAnswer::new).limit(request.numAnswers()).toList();
        int numOpen = answers.size();
        while (numOpen > 0) {
            switch (next(request)) {
                case Step.Silence() -> {}
                case Step.Stopped(Stop reason) -> throw reason.fault();
                case Step.Event(int answer, GenerationEvent event) -> {
                    answers.get(answer).add(event);
                    if (event instanceof Finished end) {
                        refuseCut(end);
                        numOpen--;
                    }
                }
            }
        }
        request.complete();
        exchange.answer(reply.whole(request.prompt(), answers));
    }

    private void answerInPieces(Exchange exchange, RunningRequest request, Reply reply) {
        EventStream stream = exchange.answerWithEvents();
        try {
            reply.begin(stream, request.numAnswers());
            Finished[] ends = sendPieces(stream, request, reply);
            request.complete();
            reply.end(stream, request.prompt(), List.of(ends));
        } catch (CloseConnectionException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            request.close(); // its id is free before its client knows of the end
            // The status is long sent: the fault goes into the stream.
            exchange.fail(HttpFault.of(e, exchange.requestId()), reply, stream);
        }
        stream.close();
    }

    /// Sends all answers as they come, interleaved.
    ///
    /// @return how each ended
    private Finished[] sendPieces(EventStream stream, RunningRequest request, Reply reply) {
        Finished[] ends = new Finished[request.numAnswers()];
        int numOpen = ends.length;
        while (numOpen > 0) {
            switch (next(request)) {
                case Step.Silence() -> reply.ping(stream);
                case Step.Stopped(Stop reason) -> throw reason.fault();
                case Step.Event(int answer, Finished end) -> {
                    refuseCut(end);
                    ends[answer] = end;
                    numOpen--;
                    reply.finished(stream, answer, end);
                }
                case Step.Event(_, Failed(RuntimeException cause)) -> throw cause;
                case Step.Event(int answer, GenerationEvent event) ->
                        reply.event(stream, answer, event);
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
    private static void refuseCut(Finished finished) {
        if (finished.reason() == FinishReason.CANCELLED) {
            throw HttpFault.shuttingDown();
        }
    }
}
