package io.moonglass.clients;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/// A request whose answer comes whole, with its retries. Whoever ends its future before the answer is there,
/// by cancelling it or otherwise, ends the request.
final class WholeCall<T> {

    private static final int MAX_ANSWER_BYTES = 1 << 30;
    private static final int MAX_ERROR_BYTES = 1 << 20;

    private final HttpTransport transport;
    private final Transport.AnswerReader<T> reader;
    private final String requestId;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private Attempts attempts;
    private Call call;
    private volatile boolean hasBegun;
    private volatile CompletableFuture<?> inFlight;
    private volatile Future<?> wait;

    WholeCall(HttpTransport transport, Transport.AnswerReader<T> reader, String requestId) {
        this.transport = transport;
        this.reader = reader;
        this.requestId = requestId;
    }

    CompletableFuture<T> start(Supplier<CompletableFuture<Call>> preparation) {
        Duration timeout = transport.settings().requestTimeout();
        Future<?> deadline =
                Timer.after(
                        timeout, () -> CompletableFuture.runAsync(() -> fail(tooLate(timeout))));
        result.whenComplete((value, fault) -> {
            deadline.cancel(false);
            end();
        });
        CompletableFuture<Call> prepared;
        try {
            prepared = preparation.get();
        } catch (RuntimeException e) { // a file that cannot be read
            fail(e);
            return result;
        }
        inFlight = prepared;
        prepared.whenComplete((ready, fault) -> {
            if (fault == null) {
                begin(ready);
            } else {
                fail(fault);
            }
        });
        return result;
    }

    private void begin(Call ready) {
        call = ready;
        attempts = new Attempts(transport.settings().retries(), ready.isRepeatable());
        attempt();
    }

    private void attempt() {
        if (result.isDone()) {
            return;
        }
        hasBegun = false;
        try {
            CompletableFuture<HttpResponse<byte[]>> exchange =
                    transport
                            .settings()
                            .http()
                            .sendAsync(transport.request(call, requestId), this::body);
            inFlight = exchange;
            if (result.isDone()) {
                end(); // it was ended while this try began
            }
            exchange.whenComplete(this::settle);
        } catch (RuntimeException e) { // a key or a header that cannot be sent
            fail(e);
        }
    }

    private BodySubscriber<byte[]> body(HttpResponse.ResponseInfo head) {
        hasBegun = true;
        return isGood(head.statusCode())
                ? BoundedBody.atMost(MAX_ANSWER_BYTES)
                : BoundedBody.beginning(MAX_ERROR_BYTES);
    }

    static boolean isGood(int status) {
        return status >= 200 && status < 300;
    }

    private void settle(HttpResponse<byte[]> response, Throwable fault) {
        if (fault != null) {
            failOrRetry(transport.faults().ofConnection(fault, hasBegun));
        } else if (isGood(response.statusCode())) {
            succeed(response.body());
        } else {
            failOrRetry(
                    transport
                            .faults()
                            .ofAnswer(response.statusCode(), response.headers(), response.body()));
        }
    }

    private void succeed(byte[] body) {
        try {
            result.complete(reader.read(body));
        } catch (JsonProcessingException e) {
            fail(transport.faults().ofNonsense(e));
        } catch (IOException e) {
            fail(transport.faults().ofConnection(e, true));
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private void failOrRetry(MoonglassException fault) {
        Optional<Duration> delay = attempts.next(fault);
        if (delay.isEmpty()) {
            fail(fault);
            return;
        }
        wait = Timer.after(delay.get(), () -> CompletableFuture.runAsync(this::attempt));
        if (result.isDone()) {
            wait.cancel(false);
        }
    }

    private void fail(Throwable fault) {
        Throwable told =
                fault instanceof CompletionException && fault.getCause() != null
                        ? fault.getCause()
                        : fault;
        result.completeExceptionally(
                told instanceof MoonglassException
                        ? ((MoonglassException) told).withRequestId(requestId)
                        : told);
    }

    private MoonglassException tooLate(Duration timeout) {
        return new DeadlineExceededException(
                Fault.local(
                        "no answer from %s within %s"
                                .formatted(transport.settings().base(), timeout)));
    }

    /// Gives up what is still going on.
    private void end() {
        Future<?> waiting = wait;
        if (waiting != null) {
            waiting.cancel(false);
        }
        CompletableFuture<?> running = inFlight;
        if (running != null && !running.isDone()) {
            running.cancel(true);
            if (call != null && call.isCancellable()) {
                transport.cancelOnServer(requestId);
            }
        }
    }
}
