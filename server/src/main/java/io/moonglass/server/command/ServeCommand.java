package io.moonglass.server.command;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.tensor.Kernels;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass serve`: answers requests over HTTP until it is told to stop.
@Command(
        name = "serve",
        description = "Answer requests over HTTP, in the OpenAI chat-completions dialect.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false)
final class ServeCommand implements Callable<Integer> {

    private static final System.Logger LOG = System.getLogger(ServeCommand.class.getName());

    private final ModelOpener models;

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "The checkpoint, a folder in Hugging Face layout (default: the demo model).")
    private Optional<Path> directory;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address to listen on; 0.0.0.0 for all (default: ${DEFAULT-VALUE}).")
    private String host;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "Port to listen on; 0 for any that is free (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The model's name in requests (default: the folder's).")
    private Optional<String> name;

    @Mixin private ServingOptions serving;

    @Mixin private ResponseOptions responses;

    @Mixin private WeightOptions weights;

    @Mixin private ComputeOptions compute;

    @Mixin private VisionOptions vision;

    @Mixin private BatchingOptions batching;

    ServeCommand(ModelOpener models) {
        this.models = models;
    }

    @Override
    public Integer call() {
        Path checkpoint = directory.orElseGet(DemoModel::directory);
        ChatModelOptions computing = serving.in(batching.in(vision.in(compute.chatModel())));
        LOG.log(System.Logger.Level.INFO, "kernels: {0}", Kernels.description());
        ServerOptions options =
                responses.in(serving.in(ServerOptions.DEFAULT.withHost(host).withPort(port)));
        ChatModelOptions named = name.map(computing::withName).orElse(computing);
        // It listens before it loads: a busy port is found out at once, and probes get an answer.
        try (MoonglassServer server = MoonglassServer.start(options)) {
            try (ChatModel model =
                    weights.open(models, checkpoint, named, spec.commandLine().getErr())) {
                model.warmUp();
                serve(server, model);
            }
        }
        return 0;
    }

    /// Serves until the process is asked to end, or this thread is interrupted.
    private void serve(MoonglassServer server, ChatModel model) {
        CountDownLatch stopAsked = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(stopAsked, stopped)));
        server.serve(model);
        spec.commandLine()
                .getOut()
                .printf("moonglass: %s on http://%s:%d%n", model.name(), host, server.port());
        try {
            stopAsked.await();
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted, which is a way to ask it to stop", e);
        } finally {
            // before the model, whose running answers may still finish
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
