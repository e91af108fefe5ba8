package io.moonglass.server.conformance;

import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.nio.file.Files;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;

/// The server with the model of random weights, which answers fast.
final class TinyServer implements AutoCloseable {

    static final ObjectMapper JSON = new ObjectMapper();

    /// Of sizes that are fitted in different ways.
    static final List<String> PICTURES =
            List.of(
                    "odd_37x91",
                    "exact_112x112",
                    "wide_300x140",
                    "square_224x224",
                    "over_limit_401x333");

    private final LocalChatModel model;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final MoonglassServer server;

    /// @param contextLength bounds what an answer without a limit costs
    TinyServer(int contextLength, UnaryOperator<ServerOptions> change) {
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
                        change.apply(
                                ServerOptions.DEFAULT.withPort(0).withDrainTimeout(Duration.ZERO)));
    }

    static String pictureAddress(String name) {
        try {
            byte[] bytes =
                    Files.readAllBytes(TestModels.golden().resolve("images/" + name + ".png"));
            return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    HttpResponse<String> post(String path, String body) {
        return send(path, "application/json", HttpRequest.BodyPublishers.ofString(body));
    }

    HttpResponse<String> send(String path, String contentType, HttpRequest.BodyPublisher body) {
        try {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                            .header("Content-Type", contentType)
                            .timeout(Duration.ofSeconds(60))
                            .POST(body)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.close();
        model.close();
        http.close();
    }
}
