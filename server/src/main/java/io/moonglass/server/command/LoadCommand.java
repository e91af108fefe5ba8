package io.moonglass.server.command;

import io.moonglass.clients.ModelList;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.RetryPolicy;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.load.LoadMix;
import io.moonglass.server.load.LoadPlan;
import io.moonglass.server.load.LoadReport;
import io.moonglass.server.load.LoadRun;
import io.moonglass.server.load.LoadSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass load`: what many clients at once get of a running server.
@Command(
        name = "load",
        description = {
            "Ask a running server as many clients at once do, and measure what they get.",
            "A mix says what they ask: docs/load.md describes its form. Ctrl-C ends the run; what was"
                    + " measured until then is shown."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:no request failed; 429 is asked again and is no failure",
            "1:some failed, or the server does not answer",
            "2:the mix or an option cannot be used"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass load --url http://127.0.0.1:8080 --concurrency 8 --mix vqa",
            "  moonglass load --url http://127.0.0.1:8080 --concurrency 1 --mix chat --json"
        })
final class LoadCommand implements Callable<Integer> {

    private static final System.Logger LOG = System.getLogger(LoadCommand.class.getName());
    private static final long MAX_SECONDS = 10_000_000;
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    @Spec private CommandSpec spec;

    @Option(
            names = "--url",
            required = true,
            paramLabel = "URL",
            description = "The server, such as http://127.0.0.1:8080.")
    private URI url;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "The model's name in requests (default: none is sent).")
    private Optional<String> model;

    @ArgGroup private ApiKey apiKey = new ApiKey();

    @Option(
            names = "--concurrency",
            required = true,
            paramLabel = "N",
            description = "Clients at once.")
    private int numClients;

    @Option(
            names = "--mix",
            required = true,
            paramLabel = "MIX",
            description =
                    "What they ask: a JSON file, or one of the built-in chat, soak, streams and vqa.")
    private String mix;

    @ArgGroup private Length length = new Length();

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "The same seed asks the same questions (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "600",
            description =
                    "A request without its whole answer after this time has failed (default: ${DEFAULT-VALUE}).")
    private double timeout;

    @Mixin private FiguresOptions figures;

    /// What is sent as the API key.
    private static final class ApiKey {

        @Option(
                names = "--api-key",
                paramLabel = "KEY",
                description =
                        "Sent with every request; others on this machine may see it (default: none).")
        private String key;

        @Option(
                names = "--api-key-file",
                paramLabel = "FILE",
                description = "A file that holds the key and nothing else (default: none).")
        private Path file;

        private Optional<String> read() {
            if (file == null) {
                return Optional.ofNullable(key);
            }
            try {
                return Optional.of(Files.readString(file).strip());
            } catch (IOException e) {
                throw new ConfigException(
                        "--api-key-file %s: cannot be read; want a file that holds the key"
                                .formatted(file),
                        e);
            }
        }
    }

    /// When the run ends.
    private static final class Length {

        @Option(
                names = "--requests",
                paramLabel = "COUNT",
                description =
                        "Requests in all; a turn of a conversation is one (default: those of --duration).")
        private Long numRequests;

        @Option(
                names = "--duration",
                paramLabel = "SECONDS",
                description =
                        "How long clients go on asking (default: 60); running answers may then end.")
        private Double seconds;

        private OptionalLong numRequests() {
            if (numRequests != null && numRequests < 1) {
                throw new ConfigException(
                        "--requests is %d; want 1 or more".formatted(numRequests));
            }
            return numRequests == null ? OptionalLong.empty() : OptionalLong.of(numRequests);
        }

        private Optional<Duration> duration() {
            if (numRequests != null) {
                return Optional.empty();
            }
            return Optional.of(
                    Seconds.of("--duration", seconds == null ? 60 : seconds, MAX_SECONDS));
        }
    }

    @Override
    public Integer call() {
        OptionalLong numRequests = length.numRequests();
        LoadSettings settings =
                new LoadSettings(
                        model,
                        numClients,
                        length.duration(),
                        Seconds.of("--timeout", timeout, MAX_SECONDS));
        LoadMix asked = LoadMix.named(mix);
        MoonglassClient server = client();
        checkModel(server.models());
        LoadPlan plan = new LoadPlan(asked, seed, numRequests);
        LoadReport report;
        try (InterruptOnExit _ = InterruptOnExit.ofThisThread()) {
            report = run(server, settings, plan, numRequests);
            figures.write(report, report.lines(), spec.commandLine().getOut());
        }
        return report.all().errors() == 0 ? 0 : 1;
    }

    /// An interruption ends the run, and its report is as good as any.
    private LoadReport run(
            MoonglassClient server,
            LoadSettings settings,
            LoadPlan plan,
            OptionalLong numRequests) {
        try (ProgressLine progress = new ProgressLine(spec.commandLine().getErr());
                LoadRun run = LoadRun.start(server, settings, plan)) {
            try {
                while (!run.awaitEnd(BETWEEN_LOOKS)) {
                    show(run, progress, settings, numRequests);
                }
            } catch (InterruptedException e) {
                LOG.log(System.Logger.Level.DEBUG, "interrupted, which ends the run", e);
                run.close();
            }
            progress.end();
            return run.report();
        }
    }

    private static void show(
            LoadRun run, ProgressLine progress, LoadSettings settings, OptionalLong numRequests) {
        long seconds = run.elapsed().toSeconds();
        progress.show(
                numRequests.isPresent() ? run.numEnded() : seconds,
                settings.duration()
                        .map(duration -> Math.max(1, duration.toSeconds()))
                        .orElseGet(numRequests::getAsLong),
                () -> "%,d s, %,d requests".formatted(seconds, run.numEnded()));
    }

    private MoonglassClient client() {
        try {
            // refusals are counted, and who leaves just closes the connection
            MoonglassClient client =
                    MoonglassClient.builder(url)
                            .retries(RetryPolicy.NONE)
                            .cancelOnServer(false)
                            .build();
            return apiKey.read().map(client::withApiKey).orElse(client);
        } catch (IllegalArgumentException e) {
            throw new ConfigException("--url: " + e.getMessage(), e);
        }
    }

    /// A wrong name would fail every single request.
    private void checkModel(ModelList served) {
        List<String> names = served.data().stream().map(ModelList.Model::id).toList();
        if (model.isPresent() && !names.contains(model.get())) {
            throw new ConfigException(
                    "--model %s is not served at %s; want %s"
                            .formatted(model.get(), url, String.join(", ", names)));
        }
    }
}
