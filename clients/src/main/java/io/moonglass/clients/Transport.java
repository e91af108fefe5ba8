package io.moonglass.clients;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.function.Supplier;

/// Takes requests to whoever answers them, whole or as streams.
abstract sealed class Transport permits HttpTransport, ServiceTransport {

    private final String peer;
    private final FaultReader faults;

    /// @param peer who answers, as faults name it
    Transport(String peer) {
        this.peer = peer;
        this.faults = new FaultReader(peer);
    }

    String peer() {
        return peer;
    }

    FaultReader faults() {
        return faults;
    }

    /// The same with another key.
    abstract Transport withApiKey(String key);

    /// The same with this id for all requests; null for a new one each.
    abstract Transport withRequestId(String id);

    /// Bytes from which on a medium is uploaded.
    abstract long uploadOver();

    /// Makes a value of an answer's bytes.
    interface AnswerReader<T> {
        T read(byte[] body) throws IOException;
    }

    /// @param preparation makes the call; a future that it gives is cancelled with the answer's
    abstract <T> CompletableFuture<T> send(
            Supplier<CompletableFuture<Call>> preparation, AnswerReader<T> reader);

    /// A stream of its own for each subscriber.
    abstract <T> Flow.Publisher<T> events(
            Supplier<CompletableFuture<Call>> preparation, Supplier<EventDecoder<T>> decoders);

    /// The answer, read as JSON.
    <T> CompletableFuture<T> send(Call call, Class<T> type) {
        return send(call, body -> Json.MAPPER.readValue(body, type));
    }

    <T> CompletableFuture<T> send(Call call, TypeReference<T> type) {
        return send(call, body -> Json.MAPPER.readValue(body, type));
    }

    <T> CompletableFuture<T> send(Call call, AnswerReader<T> reader) {
        return send(() -> CompletableFuture.completedFuture(call), reader);
    }

    /// Waits for what was sent.
    ///
    /// @throws MoonglassException if it did not succeed, or the thread was interrupted
    <T> T await(CompletableFuture<T> answer) {
        try {
            return answer.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer.cancel(true);
            throw interrupted(e);
        } catch (CancellationException e) {
            throw new RequestCancelledException(
                    Fault.local("the request was cancelled", Fault.Advice.NEVER, e));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException) {
                RuntimeException fault = (RuntimeException) e.getCause();
                fault.addSuppressed(new Caller());
                throw fault;
            }
            if (e.getCause() instanceof Error) {
                throw (Error) e.getCause();
            }
            throw faults.ofConnection(e.getCause(), false);
        }
    }

    /// Where the thread waited to which a fault is told: that of the fault is another's.
    private static final class Caller extends Exception {

        Caller() {
            super("the thread that waited");
        }
    }

    MoonglassException interrupted(InterruptedException cause) {
        return new RequestCancelledException(
                Fault.local("interrupted while waiting for " + peer, Fault.Advice.NEVER, cause));
    }

    static String cancelPath(String requestId) {
        return "/v1/requests/" + encoded(requestId);
    }

    /// A part of a path.
    static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
