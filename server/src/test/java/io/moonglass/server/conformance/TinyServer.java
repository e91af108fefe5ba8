package io.moonglass.server.conformance;

import io.moonglass.engine.CacheType;
import io.moonglass.engine.EngineOptions;
import io.moonglass.loader.TestModels;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The server with the recorded model of random weights, for requests that are many.
final class TinyServer implements AutoCloseable {

    /// Of sizes that are fitted in different ways.
    static final List<String> PICTURES =
            List.of(
                    "odd_37x91",
                    "exact_112x112",
                    "wide_300x140",
                    "square_224x224",
                    "over_limit_401x333");

    /// What no answer here takes: one that comes later is a hang.
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final LocalChatModel model;
    private final MoonglassServer server;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /// @param contextLength bounds every answer, whatever a request asks for
    TinyServer(int contextLength, UnaryOperator<ServerOptions> change) {
        this(
                options ->
                        options.withEngine(_ ->
                                new EngineOptions(contextLength, 1_024, 256, 8, CacheType.F32)),
                change);
    }

    /// @param ofModel  changes the model's options, which are the defaults with two threads
    /// @param ofServer changes the server's, which are the defaults on any port
    TinyServer(UnaryOperator<ChatModelOptions> ofModel, UnaryOperator<ServerOptions> ofServer) {
        this.model =
                LocalChatModel.load(
                        TestModels.tinyRandom(),
                        ofModel.apply(ChatModelOptions.DEFAULT.withNumThreads(2)));
        this.server =
                MoonglassServer.start(
                        model,
                        ofServer.apply(
                                ServerOptions.DEFAULT.withPort(0).withDrainTimeout(Duration.ZERO)));
    }

    int port() {
        return server.port();
    }

    /// One of the recorded model's.
    static String pictureAddress(String name) {
        try {
            byte[] bytes =
                    Files.readAllBytes(TestModels.golden().resolve("images/" + name + ".png"));
            return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ApiDescription description() {
        return new ApiDescription(send("GET", "/openapi.json", "", new byte[0]).answerText());
    }

    RecordedExchange post(String path, String json) {
        return send("POST", path, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    /// @param path as it goes over the wire
    /// @param type empty for none
    RecordedExchange send(String method, String path, String type, byte[] body) {
        return send(method, path, type, "", body);
    }

    /// @param encoding of the body; empty for none
    RecordedExchange send(String method, String path, String type, String encoding, byte[] body) {
        URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri)
                        .timeout(PATIENCE)
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        if (!type.isEmpty()) {
            request.header("Content-Type", type);
        }
        if (!encoding.isEmpty()) {
            request.header("Content-Encoding", encoding);
        }
        try {
            HttpResponse<byte[]> response =
                    http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            Map<String, String> headers = new HashMap<>();
            response.headers()
                    .map()
                    .forEach((name, values) ->
                            headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
            return new RecordedExchange(
                    method,
                    uri.normalize().getPath(),
                    type,
                    body,
                    response.statusCode(),
                    headers,
                    response.body(),
                    true);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "%s %s %s".formatted(method, path, new String(body, StandardCharsets.UTF_8)),
                    e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
        server.close();
        model.close();
    }
}
