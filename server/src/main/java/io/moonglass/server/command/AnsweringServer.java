package io.moonglass.server.command;

import io.moonglass.clients.MoonglassClient;
import io.moonglass.runtime.ChatModel;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import java.io.PrintWriter;
import java.net.URI;

/// Whom a command asks: a running server, or one of its own, over HTTP like any other, for as long as the command runs.
final class AnsweringServer implements AutoCloseable {

    private final MoonglassClient client;
    private final AutoCloseable own;

    private AnsweringServer(MoonglassClient client, AutoCloseable own) {
        this.client = client;
        this.own = own;
    }

    static AnsweringServer open(
            Answerer answerer,
            ModelOpener models,
            VisionFileOption visionFile,
            WeightOptions weights,
            ComputeOptions compute,
            VisionOptions vision,
            PrintWriter err) {
        if (answerer.isServer()) {
            return new AnsweringServer(answerer.client(), () -> {});
        }
        ChatModel model =
                weights.open(
                        models,
                        visionFile.of(answerer.directory()),
                        vision.in(compute.chatModel()),
                        err);
        try {
            MoonglassServer server =
                    MoonglassServer.start(model, ServerOptions.DEFAULT.withPort(0));
            return new AnsweringServer(
                    client(server.port()),
                    () -> {
                        server.close();
                        model.close();
                    });
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /// It keeps no files, so nothing is uploaded.
    private static MoonglassClient client(int port) {
        return MoonglassClient.builder(URI.create("http://127.0.0.1:" + port))
                .uploadOver(Long.MAX_VALUE)
                .build();
    }

    MoonglassClient client() {
        return client;
    }

    @Override
    public void close() {
        try {
            own.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("the command's own server does not end", e);
        }
    }
}
