package io.moonglass.server.conformance;

import io.moonglass.engine.CacheType;
import io.moonglass.engine.EngineOptions;
import io.moonglass.loader.TestModels;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.server.files.FileStoreOptions;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.responses.ResponseStoreOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The server with the recorded model of random weights, for requests that are many.
final class TinyServer implements AutoCloseable {

    /// What no answer here takes: one that comes later is a hang.
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final LocalChatModel model;
    private final MoonglassServer server;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /// @param folder        for what the server keeps
    /// @param contextLength so that no answer is long, whatever a request asks for
    TinyServer(Path folder, int contextLength) {
        this.model =
                LocalChatModel.load(
                        TestModels.tinyRandom(),
                        ChatModelOptions.DEFAULT
                                .withNumThreads(2)
                                .withEngine(_ ->
                                        new EngineOptions(
                                                contextLength, 1_024, 256, 8, CacheType.F32)));
        this.server =
                MoonglassServer.start(
                        model,
                        ServerOptions.DEFAULT
                                .withPort(0)
                                .withDrainTimeout(Duration.ZERO)
                                .withMaxBodyBytes(1 << 20)
                                .withResponses(
                                        new ResponseStoreOptions(
                                                folder.resolve("responses"),
                                                4 << 20,
                                                Duration.ofDays(1)))
                                .withFiles(
                                        new FileStoreOptions(
                                                folder.resolve("files"),
                                                4 << 20,
                                                100,
                                                1 << 20,
                                                Optional.empty())));
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
        URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri)
                        .timeout(PATIENCE)
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        if (!type.isEmpty()) {
            request.header("Content-Type", type);
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
                    uri.getPath(),
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
