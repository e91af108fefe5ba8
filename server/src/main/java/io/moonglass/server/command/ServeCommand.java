package io.moonglass.server.command;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.models.ModelStatus;
import io.moonglass.tensor.Kernels;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `moonglass serve`: answers requests over HTTP until it is told to stop.
@Command(
        name = "serve",
        description = "Answer requests over HTTP, in the dialects of OpenAI and Anthropic.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false)
final class ServeCommand implements Callable<Integer> {

    private static final System.Logger LOG = System.getLogger(ServeCommand.class.getName());

    private final ModelOpener opener;

    @Spec private CommandSpec spec;

    @Mixin private ConfigurationOptions configuration;

    @Mixin private ModelOptions models;

    @Mixin private ListenOptions listen;

    @Mixin private KeyOptions keys;

    @Mixin private ServingOptions serving;

    @Mixin private BodyOptions bodies;

    @Mixin private ResponseOptions responses;

    @Mixin private FileOptions files;

    @Mixin private WeightOptions weights;

    @Mixin private ComputeOptions compute;

    @Mixin private VisionOptions vision;

    @Mixin private MediaIntakeOptions media;

    @Mixin private BatchingOptions batching;

    ServeCommand(ModelOpener opener) {
        this.opener = opener;
    }

    @Override
    public Integer call() {
        LOG.log(System.Logger.Level.INFO, configuration.settings().summary());
        ChatModelOptions computing =
                serving.in(batching.in(media.in(vision.in(compute.chatModel()))));
        LOG.log(System.Logger.Level.INFO, "kernels: {0}", Kernels.description());
        ServerOptions options =
                files.in(
                        responses.in(
                                bodies.in(serving.in(keys.in(listen.in(ServerOptions.DEFAULT))))));
        // It listens before it loads: a busy port is found out at once, and probes get an answer.
        try (MoonglassServer server = MoonglassServer.start(options)) {
            try (ModelPool pool =
                    models.pool((directory, name) -> open(directory, computing.withName(name)))) {
                pool.openFirst();
                serve(server, pool);
            }
        }
        return 0;
    }

    private ChatModel open(Path checkpoint, ChatModelOptions computing) {
        ChatModel model = weights.open(opener, checkpoint, computing, spec.commandLine().getErr());
        model.warmUp();
        return model;
    }

    /// Serves until the process is asked to end, or this thread is interrupted.
    private void serve(MoonglassServer server, ModelPool pool) {
        CountDownLatch stopAsked = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(stopAsked, stopped)));
        server.serve(pool);
        spec.commandLine()
                .getOut()
                .printf(
                        "moonglass: %s on http://%s:%d%n",
                        pool.status().stream()
                                .map(ModelStatus::name)
                                .collect(Collectors.joining(", ")),
                        listen.host(),
                        server.port());
        try {
            stopAsked.await();
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted, which is a way to ask it to stop", e);
        } finally {
            // before the models, whose running answers may still finish
            server.close();
            stopped.countDown();
        }
    }

    /// The JVM is gone when its hooks are done, so this one waits.
    private static void stop(CountDownLatch stopAsked, CountDownLatch stopped) {
        stopAsked.countDown();
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
