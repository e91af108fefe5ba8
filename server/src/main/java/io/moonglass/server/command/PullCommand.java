package io.moonglass.server.command;

import io.moonglass.server.hub.HubCacheDirectory;
import io.moonglass.server.hub.HubPull;
import io.moonglass.server.hub.HubRepository;
import io.moonglass.server.hub.HubSettings;
import io.moonglass.server.hub.PulledModel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moonglass pull`: a checkpoint from a Hugging Face hub.
@Command(
        name = "pull",
        description = {
            "Fetch a checkpoint from a Hugging Face hub.",
            "Only the files that a checkpoint needs are fetched, and each is checked against the hash that the hub lists. What was begun is taken up where it broke off. The checkpoint appears when it is whole; its folder is printed."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the checkpoint is there",
            "1:the hub does not answer, or sends what it does not list",
            "2:there is no such checkpoint, no access to it, or no room"
        },
        footerHeading = "%nVariables:%n",
        footer = {
            "  HF_ENDPOINT    the hub (default: https://huggingface.co)",
            "  HF_TOKEN       who asks, for gated and private models; else the file HF_TOKEN_PATH, else token in HF_HOME",
            "  HF_HUB_CACHE   where models are kept, else hub in HF_HOME, else ~/.cache/huggingface/hub",
            "",
            "Examples:",
            "  moonglass pull moonshotai/Kimi-VL-A3B-Instruct",
            "  moonglass serve --model moonshotai/Kimi-VL-A3B-Instruct",
            "  moonglass pull --out /models/kimi-vl moonshotai/Kimi-VL-A3B-Instruct@main"
        })
final class PullCommand implements Callable<Integer> {

    private static final int MAX_PARALLEL = 16;

    private final Map<String, String> environment;
    private final Path home;

    @Spec private CommandSpec spec;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "Write plain files into this new folder (default: into the Hugging Face cache, where 'serve --model ORG/NAME' finds them).")
    private Optional<Path> directory;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            defaultValue = "4",
            description = "Files at once, 1 to 16 (default: ${DEFAULT-VALUE}).")
    private int numParallel;

    @Option(
            names = "--json",
            description =
                    "Print {\"model\", \"commit\", \"directory\", \"files\", \"bytes\"} instead of the folder alone.")
    private boolean json;

    @Parameters(
            paramLabel = "ORG/NAME[@REVISION]",
            description = "The checkpoint, at a branch, tag or commit (default: main).")
    private String name;

    /// @param environment with the variables of Hugging Face's programs
    PullCommand(Map<String, String> environment, Path home) {
        this.environment = environment;
        this.home = home;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (numParallel < 1 || numParallel > MAX_PARALLEL) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--parallel is %d; want 1 to %d".formatted(numParallel, MAX_PARALLEL));
        }
        PulledModel pulled;
        try (PullingProgress progress = new PullingProgress(spec.commandLine().getErr())) {
            pulled = pull().run(progress);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            PrintedJson.print(pulled, out);
        } else {
            out.println(pulled.directory());
        }
        return 0;
    }

    private HubPull pull() {
        HubRepository repository = HubRepository.of(name);
        HubSettings settings = HubSettings.of(environment, home);
        if (directory.isPresent()) {
            return HubPull.into(directory.get(), settings, repository, numParallel);
        }
        Path cache = HubCacheDirectory.of(environment, home);
        return HubPull.intoCache(settings, repository, cache, numParallel);
    }
}
