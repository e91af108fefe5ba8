package io.moonglass.server.conformance;

import io.moonglass.loader.TestModels;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.server.files.FileStoreOptions;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.models.ModelSource;
import io.moonglass.server.models.PoolOptions;
import io.moonglass.server.responses.ResponseStoreOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// The server with the demo model, behind a proxy that holds every answer against the served document.
final class DemoServer implements AutoCloseable {

    static final String MODEL = "moonglass-demo";

    private static final Path FOLDER = Path.of(System.getProperty("moonglass.demo-model"));

    /// Of the evaluation set.
    static final Path PICTURES = FOLDER.resolveSibling("evaluation").resolve("images");

    /// Has random weights, and is loaded by the first request that names it.
    static final String SECOND_MODEL = "tiny-random";

    private final ModelPool models;
    private final MoonglassServer server;
    private final RecordingProxy proxy;

    private DemoServer(ServerOptions options) {
        this.models =
                new ModelPool(
                        List.of(
                                source(MODEL, FOLDER),
                                source(SECOND_MODEL, TestModels.tinyRandom())),
                        PoolOptions.UNLIMITED,
                        InstantSource.system());
        models.load(MODEL, Duration.ofMinutes(1));
        this.server = MoonglassServer.start(options);
        server.serve(models);
        this.proxy = new RecordingProxy(server.port());
    }

    private static ModelSource source(String name, Path directory) {
        return new ModelSource(
                name,
                0,
                () ->
                        LocalChatModel.load(
                                directory,
                                ChatModelOptions.DEFAULT.withName(name).withNumThreads(2)));
    }

    /// @param folder for what the server keeps
    static DemoServer start(Path folder) {
        return start(folder, options -> options);
    }

    static DemoServer start(Path folder, UnaryOperator<ServerOptions> change) {
        return new DemoServer(
                change.apply(
                        ServerOptions.DEFAULT
                                .withPort(0)
                                .withDrainTimeout(Duration.ZERO)
                                .withResponses(
                                        new ResponseStoreOptions(
                                                folder.resolve("responses"),
                                                64 << 20,
                                                Duration.ofDays(1)))
                                .withFiles(
                                        new FileStoreOptions(
                                                folder.resolve("files"),
                                                64 << 20,
                                                1_000,
                                                16 << 20,
                                                Optional.empty()))));
    }

    /// Where clients ask, without a slash at its end.
    String address() {
        return proxy.address();
    }

    /// The same without the proxy, for pages, which ask where they come from.
    String ownAddress() {
        return "http://127.0.0.1:" + server.port();
    }

    /// Another server with the same models, to be closed before this one.
    MoonglassServer besides(ServerOptions options) {
        MoonglassServer other = MoonglassServer.start(options);
        other.serve(models);
        return other;
    }

    RecordingProxy proxy() {
        return proxy;
    }

    /// A picture of the evaluation set.
    static byte[] picture(String name) {
        try {
            return Files.readAllBytes(PICTURES.resolve(name + ".png"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String pictureAddress(String name) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(picture(name));
    }

    @Override
    public void close() {
        proxy.close();
        server.close();
        models.close();
    }
}
