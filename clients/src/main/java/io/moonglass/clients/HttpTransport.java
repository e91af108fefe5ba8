package io.moonglass.clients;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/// Sends requests to one server over HTTP.
final class HttpTransport extends Transport {

    private static final Duration CANCEL_TIMEOUT = Duration.ofSeconds(5);

    /// What can stand in a header.
    private static final Pattern KEY = Pattern.compile("[!-~]+");

    private final ClientSettings settings;

    HttpTransport(ClientSettings settings) {
        super(settings.base());
        this.settings = settings;
    }

    ClientSettings settings() {
        return settings;
    }

    @Override
    HttpTransport withApiKey(String key) {
        return new HttpTransport(settings.withApiKey(() -> key));
    }

    @Override
    HttpTransport withRequestId(String id) {
        return new HttpTransport(settings.withRequestId(id));
    }

    @Override
    long uploadOver() {
        return settings.uploadOver();
    }

    @Override
    <T> CompletableFuture<T> send(
            Supplier<CompletableFuture<Call>> preparation, AnswerReader<T> reader) {
        return new WholeCall<>(this, reader, newRequestId()).start(preparation);
    }

    @Override
    <T> Flow.Publisher<T> events(
            Supplier<CompletableFuture<Call>> preparation, Supplier<EventDecoder<T>> decoders) {
        return subscriber ->
                new StreamedCall<>(this, decoders.get(), subscriber, newRequestId())
                        .start(preparation);
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
        if (key == null) {
            return request;
        }
        if (!KEY.matcher(key).matches()) { // whoever refuses the header would show it
            throw new IllegalArgumentException(
                    "the API key is empty or has a space, a line's end or a letter that is not ASCII; want it without");
        }
        return request.header("Authorization", "Bearer " + key);
    }

    /// Ends what the server still does for a request, if anything, without waiting for that.
    void cancelOnServer(String requestId) {
        if (settings.cancelsOnServer()) {
            HttpRequest request =
                    request(cancelPath(requestId)).timeout(CANCEL_TIMEOUT).DELETE().build();
            settings.http().sendAsync(request, BodyHandlers.discarding());
        }
    }

    private String newRequestId() {
        return settings.requestId() == null
                ? UUID.randomUUID().toString().replace("-", "")
                : settings.requestId();
    }
}
