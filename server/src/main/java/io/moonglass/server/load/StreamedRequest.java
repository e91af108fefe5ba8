package io.moonglass.server.load;

import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.MoonglassException;
import io.moonglass.clients.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// One sending of a request: reads its stream and notes when each piece of text came.
final class StreamedRequest {

    private static final int TOO_MANY_REQUESTS = 429;
    private static final Duration DEFAULT_RETRY = Duration.ofSeconds(1);

    /// A server that says 0 must not be asked as fast as it can refuse.
    private static final Duration SHORTEST_RETRY = Duration.ofMillis(100);

    private final MoonglassClient client;
    private final ChatCompletionRequest request;
    private final int maxPieces;

    private final StringBuilder text = new StringBuilder();
    private final List<Double> betweenPieces = new ArrayList<>();
    private Usage usage;
    private long sentNanos;
    private long firstNanos;
    private long lastNanos;
    private int numPieces;

    /// Thrown through the client, which then closes the connection.
    private static final class EnoughRead extends RuntimeException {

        private EnoughRead() {
            super(null, null, false, false);
        }
    }

    /// @param maxPieces pieces of text after which the client closes the connection
    StreamedRequest(MoonglassClient client, ChatCompletionRequest request, int maxPieces) {
        this.client = client;
        this.request = request;
        this.maxPieces = maxPieces;
    }

    /// Waits for the answer on a thread of its own, whose interruption closes the connection at whatever stage it is.
    ///
    /// @param patience how long to wait for the whole answer
    /// @param givenUp  what comes of it if the wait is over first
    /// @throws InterruptedException if the caller was interrupted; the connection is closed
    Outcome send(Duration patience, Outcome givenUp) throws InterruptedException {
        FutureTask<Outcome> answer = new FutureTask<>(this::stream);
        Thread reader = Thread.ofVirtual().start(answer);
        try {
            return answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            reader.interrupt();
            reader.join();
            return givenUp;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException fault
                    ? fault
                    : new IllegalStateException(e.getCause());
        } finally {
            reader.interrupt();
        }
    }

    private Outcome stream() {
        sentNanos = System.nanoTime();
        try {
            client.stream(request, this::take);
        } catch (EnoughRead e) {
            return new Outcome.Cancelled();
        } catch (MoonglassException e) {
            return fault(e);
        }
        long endNanos = System.nanoTime();
        return new Outcome.Answered(
                text.toString(),
                usage,
                new AnswerTimes(
                        seconds(sentNanos, numPieces == 0 ? endNanos : firstNanos),
                        betweenPieces,
                        seconds(sentNanos, endNanos)));
    }

    private void take(ChatCompletionChunk chunk) {
        if (chunk.usage() != null) {
            usage = chunk.usage();
        }
        if (chunk.text().isEmpty() && chunk.reasoningText().isEmpty()) {
            return;
        }
        long now = System.nanoTime();
        if (numPieces == 0) {
            firstNanos = now;
        } else {
            betweenPieces.add(seconds(lastNanos, now));
        }
        lastNanos = now;
        numPieces++;
        text.append(chunk.text());
        if (numPieces >= maxPieces) {
            throw new EnoughRead();
        }
    }

    private static Outcome fault(MoonglassException e) {
        String kind =
                e.status() == 0
                        ? "no answer"
                        : e.code() == null ? "" + e.status() : e.status() + " " + e.code();
        Outcome.Failed fault = new Outcome.Failed(kind, e.getMessage());
        return e.status() == TOO_MANY_REQUESTS ? new Outcome.Rejected(retryAfter(e), fault) : fault;
    }

    private static Duration retryAfter(MoonglassException e) {
        Duration told = e.retryAfter().orElse(DEFAULT_RETRY);
        return told.compareTo(SHORTEST_RETRY) < 0 ? SHORTEST_RETRY : told;
    }

    private static double seconds(long fromNanos, long toNanos) {
        return (toNanos - fromNanos) / 1e9;
    }
}
