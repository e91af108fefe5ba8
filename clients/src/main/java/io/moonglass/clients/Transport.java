package io.moonglass.clients;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.function.Supplier;

/// Sends requests to one server, whole or as streams.
record Transport(ClientSettings settings, FaultReader faults) {

    private static final Duration CANCEL_TIMEOUT = Duration.ofSeconds(5);

    Transport(ClientSettings settings) {
        this(settings, new FaultReader(settings.base()));
    }

    /// Makes a value of an answer's bytes.
    interface AnswerReader<T> {
        T read(byte[] body) throws IOException;
    }

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

    /// @param preparation makes the call; a future that it gives is cancelled with the answer's
    <T> CompletableFuture<T> send(
            Supplier<CompletableFuture<Call>> preparation, AnswerReader<T> reader) {
        return new WholeCall<>(this, reader, newRequestId()).start(preparation);
    }

    /// A stream of its own for each subscriber.
    <T> Flow.Publisher<T> events(
            Supplier<CompletableFuture<Call>> preparation, Supplier<EventDecoder<T>> decoders) {
        return subscriber ->
                new StreamedCall<>(this, decoders.get(), subscriber, newRequestId())
                        .start(preparation);
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

    /// Where the thread waited to which a fault is told: that of the fault is a thread of the HTTP client.
    private static final class Caller extends Exception {

        Caller() {
            super("the thread that waited");
        }
    }

    MoonglassException interrupted(InterruptedException cause) {
        return new RequestCancelledException(
                Fault.local(
                        "interrupted while waiting for " + settings.base(),
                        Fault.Advice.NEVER,
                        cause));
    }

    HttpRequest request(Call call, String requestId) {
        HttpRequest.Builder request =
                request(call.path())
                        .header("X-Request-Id", requestId)
                        .method(call.method(), call.body().get());
        if (call.contentType() != null) {
            request.header("Content-Type", call.contentType());
        }
        return request.build();
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(settings.base() + path));
        settings.headers().forEach(request::setHeader);
        String key = settings.apiKey() == null ? null : settings.apiKey().get();
        return key == null ? request : request.header("Authorization", "Bearer " + key);
    }

    /// Ends what the server still does for a request, if anything, without waiting for that.
    void cancelOnServer(String requestId) {
        if (settings.cancelsOnServer()) {
            HttpRequest request =
                    request(cancelPath(requestId)).timeout(CANCEL_TIMEOUT).DELETE().build();
            settings.http().sendAsync(request, BodyHandlers.discarding());
        }
    }

    static String cancelPath(String requestId) {
        return "/v1/requests/" + encoded(requestId);
    }

    /// A part of a path.
    static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private String newRequestId() {
        return settings.requestId() == null
                ? UUID.randomUUID().toString().replace("-", "")
                : settings.requestId();
    }
}
