package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.webserver.CloseConnectionException;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Failed;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.GenerationEvent.PicturesPrepared;
import io.moonglass.runtime.GenerationEvent.PromptMeasured;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.wire.CollectedAnswer;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.server.http.GenerationEvents.Step;
import io.moonglass.server.http.GenerationEvents.Stop;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.observe.RequestReport;
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
        answer(exchange, exchange.readJson(), dialect, served);
    }

    /// The same for a body that was read already.
    void answer(Exchange exchange, JsonNode body, Dialect dialect, ServedModel served) {
        try (ModelPool.Lease lease = served.lease(exchange, RequestFields.of("", body))) {
            answer(exchange, body, dialect, lease.model());
        }
    }

    private void answer(Exchange exchange, JsonNode body, Dialect dialect, ChatModel model) {
        Dialect.Question question = dialect.read(body, model, exchange.caller(), exchange.files());
        Call call = question.call();
        exchange.report()
                .asks(
                        new RequestReport.Question(
                                call.requests().getFirst().answer(),
                                call.numAnswers(),
                                call.stream()),
                        call.requests().stream().map(ChatRequest::prompt).toList());
        question.reply().id().ifPresent(exchange.report()::respondsAs);
        Optional<Duration> limit = shorter(timeout, call.timeout());
        try (RunningRequest request = requests.begin(exchange, call.totalAnswers(), limit)) {
            request.generate(model, call.requests());
            if (call.stream()) {
                new StreamedAnswer(exchange, request, question).run();
            } else {
                answerWhole(exchange, request, question.reply());
            }
        }
    }

    static Optional<Duration> shorter(Optional<Duration> one, Optional<Duration> other) {
        return Stream.of(one, other).flatMap(Optional::stream).min(Duration::compareTo);
    }

    private void answerWhole(Exchange exchange, RunningRequest request, Reply reply) {
        List<CollectedAnswer> answers =
                Stream.generate(CollectedAnswer::new).limit(request.numAnswers()).toList();
        int numOpen = answers.size();
        boolean prepared = false;
        while (numOpen > 0 || !prepared) {
            switch (request.next(pingInterval)) {
                case Step.Silence(), Step.Noted() -> {}
                case Step.Prepared() -> prepared = true;
                case Step.Refused(Throwable fault) -> throw thrown(fault);
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

    /// An answer in pieces. It begins as soon as it is clear that the call can be served, or when the client has waited
    /// long enough; what goes wrong before has a status of its own, what goes wrong later is told in the stream.
    private final class StreamedAnswer {

        private final Exchange exchange;
        private final RunningRequest request;
        private final boolean progress;
        private final Reply reply;
        private final Finished[] ends;
        private EventStream stream;

        StreamedAnswer(Exchange exchange, RunningRequest request, Dialect.Question question) {
            this.exchange = exchange;
            this.request = request;
            this.progress = question.call().progress();
            this.reply = question.reply();
            this.ends = new Finished[request.numAnswers()];
            reply.timedBy(exchange.timeline());
        }

        void run() {
            try {
                sendPieces();
                request.complete();
                reply.end(stream, request.prompt(), List.of(ends));
            } catch (CloseConnectionException e) {
                throw e;
            } catch (RuntimeException | Error e) {
                if (stream == null) {
                    throw e;
                }
                request.close(); // its id is free before its client knows of the end
                exchange.fail(HttpFault.of(e, exchange.requestId()), reply, stream);
            }
            stream.close();
        }

        /// Sends all answers as they come, interleaved.
        private void sendPieces() {
            int numOpen = ends.length;
            boolean prepared = false;
            while (numOpen > 0 || !prepared) {
                switch (request.next(pingInterval)) {
                    case Step.Silence() -> reply.ping(begun());
                    case Step.Noted() -> {}
                    case Step.Prepared() -> {
                        prepared = true;
                        begun();
                    }
                    case Step.Refused(Throwable fault) -> throw thrown(fault);
                    case Step.Stopped(Stop reason) -> throw reason.fault();
                    case Step.Event(int answer, Finished end) -> {
                        refuseCut(end);
                        ends[answer] = end;
                        numOpen--;
                        reply.finished(begun(), answer, end);
                    }
                    case Step.Event(_, Failed(RuntimeException cause)) -> throw cause;
                    case Step.Event(_, PromptMeasured(PromptSize size)) -> reply.measured(size);
                    case Step.Event(int answer, PicturesPrepared event) -> {
                        if (progress) {
                            reply.event(begun(), answer, event);
                        }
                    }
                    case Step.Event(int answer, GenerationEvent event) ->
                            reply.event(begun(), answer, event);
                }
            }
        }

        private EventStream begun() {
            if (stream == null) {
                stream = exchange.answerWithEvents();
                reply.begin(stream, ends.length);
            }
            return stream;
        }
    }

    /// The fault, to be thrown where it is told.
    static RuntimeException thrown(Throwable fault) {
        if (fault instanceof Error error) {
            throw error;
        }
        return (RuntimeException) fault;
    }

    /// An answer that someone else ended, as a closing model does, must not pass for a whole one.
    private static void refuseCut(Finished finished) {
        if (finished.reason() == FinishReason.CANCELLED) {
            throw HttpFault.shuttingDown();
        }
    }
}
