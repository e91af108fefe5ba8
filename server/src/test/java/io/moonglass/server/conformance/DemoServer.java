package io.moonglass.server.conformance;

import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.server.files.FileStoreOptions;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.responses.ResponseStoreOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// The server with the demo model, behind a proxy that holds every answer against the served document.
final class DemoServer implements AutoCloseable {

    static final String MODEL = "moonglass-demo";

    private static final Path FOLDER = Path.of(System.getProperty("moonglass.demo-model"));

    /// Of the evaluation set.
    static final Path PICTURES = FOLDER.resolveSibling("evaluation").resolve("images");

    private final LocalChatModel model;
    private final MoonglassServer server;
    private final RecordingProxy proxy;

    private DemoServer(ServerOptions options) {
        this.model = LocalChatModel.load(FOLDER, ChatModelOptions.DEFAULT.withNumThreads(2));
        this.server = MoonglassServer.start(model, options);
        this.proxy = new RecordingProxy(server.port());
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
        model.close();
    }
}
