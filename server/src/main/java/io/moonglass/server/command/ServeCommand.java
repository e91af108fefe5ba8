package io.moonglass.server.command;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.models.ModelStatus;
import io.moonglass.tensor.Kernels;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass serve`: answers requests over HTTP until it is told to stop.
@Command(
        name = "serve",
        description = "Answer requests over HTTP, in the dialects of OpenAI and Anthropic.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass serve",
            "  moonglass serve --model moonshotai/Kimi-VL-A3B-Instruct",
            "  moonglass serve --host 0.0.0.0 --api-key-file keys",
            "  moonglass serve --config /etc/moonglass/application.yaml --port 9000"
        })
final class ServeCommand implements Callable<Integer> {

    private static final System.Logger LOG = System.getLogger(ServeCommand.class.getName());

    private static final Duration CLOSING = Duration.ofSeconds(5);

    private final ModelOpener opener;

    @Spec private CommandSpec spec;

    @Option(
            names = "--json",
            description =
                    "Print {\"models\", \"url\", \"operations_port\"} when it is ready, in one line, instead of a sentence.")
    private boolean json;

    @Mixin private ConfigurationOptions configuration;

    @Mixin private ModelOptions models;

    @Mixin private ListenOptions listen;

    @Mixin private KeyOptions keys;

    @Mixin private ServingOptions serving;

    @Mixin private BodyOptions bodies;

    @Mixin private DrainOptions drain;

    @Mixin private OperationsPortOptions operations;

    @Mixin private ConnectionOptions connections;

    @Mixin private TlsOptions tls;

    @Mixin private ResponseOptions responses;

    @Mixin private FileOptions files;

    @Mixin private MetricsOptions metrics;

    @Mixin private WeightOptions weights;

    @Mixin private ComputeOptions compute;

    @Mixin private VisionOptions vision;

    @Mixin private MediaIntakeOptions media;

    @Mixin private BatchingOptions batching;

    @Mixin private LogOptions log;

    @Mixin private OtlpOptions otlp;

    /// The form of `--json`.
    @JsonNaming(SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Ready(List<String> models, String url, Integer operationsPort) {

        private Ready(List<String> models, String url, OptionalInt operationsPort) {
            this(models, url, operationsPort.isPresent() ? operationsPort.getAsInt() : null);
        }
    }

    ServeCommand(ModelOpener opener) {
        this.opener = opener;
    }

    @Override
    public Integer call() {
        log.apply();
        LOG.log(System.Logger.Level.INFO, configuration.settings().summary());
        ChatModelOptions computing =
                serving.in(batching.in(media.in(vision.in(compute.chatModel()))));
        LOG.log(System.Logger.Level.INFO, "kernels: {0}", Kernels.description());
        ServerOptions options = listen.in(ServerOptions.DEFAULT);
        options = drain.in(bodies.in(serving.in(keys.in(tls.in(connections.in(options))))));
        options = log.in(otlp.in(metrics.in(files.in(responses.in(options)))));
        options = operations.in(options, () -> configuration.effective().yaml());
        // It listens before it loads: a busy port is found out at once, and probes get an answer.
        try (MoonglassServer server = MoonglassServer.start(options)) {
            ModelPool pool =
                    models.pool(
                            weights::bytes, (files, name) -> open(files, computing.withName(name)));
            try {
                pool.openFirst();
                serve(server, pool);
            } finally {
                close(pool);
            }
        }
        return 0;
    }

    private ChatModel open(ModelFiles files, ChatModelOptions computing) {
        ChatModel model = weights.open(opener, files, computing, spec.commandLine().getErr());
        model.warmUp();
        return model;
    }

    /// Serves until the process is asked to end, or this thread is interrupted.
    private void serve(MoonglassServer server, ModelPool pool) {
        try (StopSignals signals = StopSignals.take()) {
            server.serve(pool);
            say(server, pool);
            try {
                signals.await();
            } catch (InterruptedException e) {
                LOG.log(
                        System.Logger.Level.DEBUG,
                        "interrupted, which is a way to ask it to stop",
                        e);
            } finally {
                // before the models, whose running answers may still finish
                server.close();
            }
        }
    }

    private void say(MoonglassServer server, ModelPool pool) {
        PrintWriter out = spec.commandLine().getOut();
        List<String> names = pool.status().stream().map(ModelStatus::name).toList();
        String scheme = server.isSecure() ? "https" : "http";
        String url = scheme + "://" + listen.host() + ":" + server.port();
        if (json) {
            PrintedJson.printLine(new Ready(names, url, server.operationsPort()), out);
            return;
        }
        out.printf("moonglass: %s on %s%n", String.join(", ", names), url);
        server.operationsPort()
                .ifPresent(number -> out.printf("moonglass: operations on port %d%n", number));
    }

    /// What models have in temporary folders goes with them. One that cannot be stopped, such as a native decoder, does
    /// not keep the process for ever.
    private static void close(ModelPool pool) {
        Thread closing = Thread.ofPlatform().daemon().name("moonglass-close").start(pool::close);
        try {
            if (!closing.join(CLOSING)) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "a model did not close within {0} s; the process ends all the same, and its temporary files may stay",
                        CLOSING.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
