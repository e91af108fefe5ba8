package io.moonglass.server.http;

import io.helidon.webserver.CloseConnectionException;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Failed;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.GenerationEvent.ReasoningDelta;
import io.moonglass.runtime.GenerationEvent.TextDelta;
import io.moonglass.server.http.GenerationEvents.Step;
import io.moonglass.server.http.GenerationEvents.Stop;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;

/// Answers `POST /v1/chat/completions`, whole or piece by piece. A generation ends with its request:
/// when the answer is complete, when the client leaves and when the server stops.
final class ChatCompletions {

    private final Duration pingInterval;
    private final Set<GenerationEvents> running = ConcurrentHashMap.newKeySet();

    ChatCompletions(Duration pingInterval) {
        this.pingInterval = pingInterval;
    }

    void answer(Exchange exchange, ChatModel model) {
        ChatCompletionCall call =
                ChatCompletionReader.read(exchange.readJson(), model.defaultSampling());
        String wanted = call.model().orElse(model.name());
        if (!wanted.equals(model.name())) {
            throw HttpFault.modelNotFound(wanted, model.name());
        }
        ClientConnection client = exchange.client();
        // the engine's thread gives a slow reader up, and must not wait for the socket to close
        GenerationEvents events =
                new GenerationEvents(() -> Thread.startVirtualThread(client::abort));
        client.whenGone(() -> events.stop(Stop.CLIENT_GONE));
        running.add(events);
        try {
            Generation generation =
                    model.generate(call.request(), List.of(events), events::isStopped);
            try {
                ChatCompletionReply reply =
                        ChatCompletionReply.of(model.name(), call.returnTokenIds());
                if (call.stream()) {
                    answerInPieces(exchange, events, reply, call.includeUsage());
                } else {
                    answerWhole(exchange, events, reply);
                }
            } finally {
                generation.cancel();
            }
        } catch (CancellationException e) {
            // The prompt was no longer wanted before it was ready, or its thread was interrupted.
            throw stopped(events.stopped().orElse(Stop.SHUTTING_DOWN));
        } finally {
            running.remove(events);
        }
    }

    int numRunning() {
        return running.size();
    }

    /// Gives up every running generation; their clients are told.
    void stopAll() {
        running.forEach(events -> events.stop(Stop.SHUTTING_DOWN));
    }

    private void answerWhole(
            Exchange exchange, GenerationEvents events, ChatCompletionReply reply) {
        StringBuilder text = new StringBuilder();
        StringBuilder reasoning = new StringBuilder();
        Finished finished = null;
        while (finished == null) {
            switch (nextEvent(events)) {
                case null -> {}
                case TextDelta(String more) -> text.append(more);
                case ReasoningDelta(String more) -> reasoning.append(more);
                case Finished end -> finished = completed(end);
                case Failed(RuntimeException cause) -> throw cause;
            }
        }
        exchange.answer(reply.whole(text.toString(), reasoning.toString(), finished));
    }

    private void answerInPieces(
            Exchange exchange,
            GenerationEvents events,
            ChatCompletionReply reply,
            boolean includeUsage) {
        EventStream stream = exchange.answerWithEvents();
        try {
            stream.send(reply.first());
            Finished finished = sendPieces(stream, events, reply);
            stream.send(reply.last(finished));
            if (includeUsage) {
                stream.send(reply.usage(finished));
            }
            stream.done();
        } catch (CloseConnectionException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            // The status is long sent: the fault goes into the stream, which then lacks its [DONE].
            stream.send(HttpFault.of(e, exchange.requestId()).body());
        }
        stream.close();
    }

    private Finished sendPieces(
            EventStream stream, GenerationEvents events, ChatCompletionReply reply) {
        while (true) {
            switch (nextEvent(events)) {
                case null -> stream.ping();
                case TextDelta(String more) -> stream.send(reply.text(more));
                case ReasoningDelta(String more) -> stream.send(reply.reasoning(more));
                case Finished end -> {
                    return completed(end);
                }
                case Failed(RuntimeException cause) -> throw cause;
            }
        }
    }

    /// The next event, or null after a silence.
    private GenerationEvent nextEvent(GenerationEvents events) {
        try {
            return switch (events.next(pingInterval)) {
                case Step.Event(GenerationEvent event) -> event;
                case Step.Silence() -> null;
                case Step.Stopped(Stop reason) -> throw stopped(reason);
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("interrupted: the server stops", e);
        }
    }

    private static RuntimeException stopped(Stop reason) {
        return switch (reason) {
            case CLIENT_GONE -> new CloseConnectionException("the client left");
            case CLIENT_TOO_SLOW -> new CloseConnectionException("the client reads too slowly");
            case SHUTTING_DOWN -> HttpFault.shuttingDown();
        };
    }

    /// An answer that someone else ended, as a closing model does, must not pass for a whole one.
    private static Finished completed(Finished finished) {
        if (finished.reason() == FinishReason.CANCELLED) {
            throw HttpFault.shuttingDown();
        }
        return finished;
    }
}
