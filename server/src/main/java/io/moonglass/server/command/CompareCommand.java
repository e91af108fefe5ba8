package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ModelComparison;
import io.moonglass.server.eval.Comparison;
import io.moonglass.server.eval.ComparisonReport;
import io.moonglass.server.eval.EvaluationSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass compare`: how much a packed model differs from what it was made from.
@Command(
        name = "compare",
        description = {
            "Compare a model's logits with those of a reference, over a set of questions.",
            "The reference answers, and both models read its answers token by token. Printed by skill:"
                    + " tokens, the root mean square of all differences relative to that of the"
                    + " reference's logits, and how often both have the same most likely token."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass compare --model packed --reference moonshotai/Kimi-VL-A3B-Instruct",
            "  moonglass compare --model packed --json | jq .all.top1_agreement"
        })
final class CompareCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description =
                    "The model, such as a folder that pack wrote, the ORG/NAME of one that was pulled, or a decoder in GGUF.")
    private String model;

    @Mixin private FolderOptions folder;

    @Option(
            names = "--reference",
            paramLabel = "DIR",
            description =
                    "What it is compared with, named in the same way (default: the demo model).")
    private Optional<String> reference;

    @Option(
            names = "--set",
            paramLabel = "DIR",
            description =
                    "Questions and pictures, as eval takes them (default: the demo model's"
                            + " evaluation set).")
    private Optional<Path> set;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "At most so many conversations, spread over the set (default: all).")
    private Optional<Integer> limit;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "64",
            description = "Most tokens of an answer (default: ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Mixin private FiguresOptions figures;

    @Mixin private ComputeOptions compute;

    @Override
    public Integer call() throws IOException {
        Logging.beQuiet();
        atLeastOne("--limit", limit.orElse(1));
        atLeastOne("--max-tokens", maxTokens);
        EvaluationSet all =
                EvaluationSet.read(
                        set.orElseGet(() -> DemoModel.directory().resolveSibling("evaluation")));
        EvaluationSet asked = limit.map(all::sample).orElse(all);
        int numAll = asked.conversations().size();
        int numThreads = compute.chatModel().numThreads();
        PrintWriter err = spec.commandLine().getErr();
        ComparisonReport report;
        try (ModelComparison models =
                        new ModelComparison(
                                folder.folder(ModelPath.of(model), numThreads, err),
                                reference
                                        .map(ModelPath::of)
                                        .map(path -> folder.otherFolder(path, numThreads, err))
                                        .orElseGet(DemoModel::directory),
                                compute.chatModel());
                ProgressLine progress = new ProgressLine(err)) {
            report =
                    new Comparison(models, asked, maxTokens)
                            .run(numDone ->
                                    progress.show(
                                            numDone,
                                            numAll,
                                            () ->
                                                    "%d of %d conversations"
                                                            .formatted(numDone, numAll)));
        }
        figures.write(report.summary(), report.lines(), spec.commandLine().getOut());
        return 0;
    }

    private static void atLeastOne(String option, int value) {
        if (value < 1) {
            throw new ConfigException("%s is %d; want 1 or more".formatted(option, value));
        }
    }
}
