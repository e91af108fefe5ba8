package io.moonglass.server.command;

import io.moonglass.clients.MoonglassClient;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.fetch.AddressRange;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.server.http.ApiKeys;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import java.io.PrintWriter;
import java.net.URI;
import java.util.List;

/// Whom a command asks: a running server, or one of its own, over HTTP like any other, for as long as the command runs.
final class AnsweringServer implements AutoCloseable {

    private static final List<AddressRange> EVERYWHERE =
            List.of(AddressRange.parse("0.0.0.0/0"), AddressRange.parse("::/0"));

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
        Logging.beQuiet();
        ChatModelOptions options = fetchingLikeItsUser(vision.in(compute.chatModel()));
        ChatModel model = weights.open(models, visionFile.of(answerer.directory()), options, err);
        try {
            // other users of this machine reach the port, too
            String key = RandomKey.make();
            ServerOptions keyed =
                    ServerOptions.DEFAULT
                            .withPort(0)
                            .withPlayground(false)
                            .withApiKeys(ApiKeys.only("command", key));
            MoonglassServer server = MoonglassServer.start(model, keyed);
            return new AnsweringServer(
                    client(server.port(), key),
                    () -> {
                        server.close();
                        model.close();
                    });
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /// Whoever types an address reaches it without us, too, and alone sees what comes of it.
    private static ChatModelOptions fetchingLikeItsUser(ChatModelOptions options) {
        MediaOptions media = options.media();
        return options.withMedia(
                media.withFetch(media.fetch().withAllowHttp(true).withAllowedNetworks(EVERYWHERE)));
    }

    /// It keeps no files, so nothing is uploaded.
    private static MoonglassClient client(int port, String key) {
        return MoonglassClient.builder(URI.create("http://127.0.0.1:" + port))
                .uploadOver(Long.MAX_VALUE)
                .build()
                .withApiKey(key);
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
