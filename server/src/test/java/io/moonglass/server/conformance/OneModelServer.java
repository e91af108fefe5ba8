package io.moonglass.server.conformance;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.server.files.FileStoreOptions;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// A server whose only model is the demo model, so that requests need not name it. It can go and come back.
final class OneModelServer implements AutoCloseable {

    private final ChatModel model;
    private final ServerOptions options;
    private MoonglassServer server;
    private RecordingProxy proxy;

    private OneModelServer(ServerOptions options) {
        this.model =
                LocalChatModel.load(
                        DemoServer.PICTURES.resolve("../../moonglass-demo").normalize(),
                        ChatModelOptions.DEFAULT.withName(DemoServer.MODEL).withNumThreads(2));
        this.options = options;
        this.server = MoonglassServer.start(model, options);
    }

    /// @param folder for the files that it keeps
    static OneModelServer start(Path folder) {
        return start(folder, options -> options);
    }

    static OneModelServer start(Path folder, UnaryOperator<ServerOptions> change) {
        return new OneModelServer(
                change.apply(
                        ServerOptions.DEFAULT
                                .withPort(0)
                                .withDrainTimeout(Duration.ZERO)
                                .withFiles(
                                        new FileStoreOptions(
                                                folder.resolve("files"),
                                                64 << 20,
                                                1_000,
                                                16 << 20,
                                                Optional.empty()))));
    }

    /// Where each answer is held against the API's description on its way.
    URI address() {
        return URI.create(proxy().address());
    }

    /// Where nothing stands between.
    URI directAddress() {
        return URI.create("http://127.0.0.1:" + server.port());
    }

    RecordingProxy proxy() {
        if (proxy == null) {
            proxy = new RecordingProxy(server.port());
        }
        return proxy;
    }

    /// Ends all that runs, and serves at the same address again.
    void restart() {
        int port = server.port();
        server.close();
        server = MoonglassServer.start(model, options.withPort(port));
    }

    @Override
    public void close() {
        if (proxy != null) {
            proxy.close();
        }
        server.close();
        model.close();
    }
}
