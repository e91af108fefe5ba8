package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.eval.Answered;
import io.moonglass.server.eval.Evaluation;
import io.moonglass.server.eval.EvaluationReport;
import io.moonglass.server.eval.EvaluationSet;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass eval`: how many questions of a set a served model answers rightly.
@Command(
        name = "eval",
        description = {
            "Ask a folder of questions about pictures and count the right answers by skill.",
            "The folder holds questions.jsonl, one conversation a line:",
            "  {\"skill\": ..., \"images\": [FILE, ...], \"turns\": [{\"question\": ...,"
                    + " \"answer\": [ACCEPTED, ...]}, ...], \"match\": \"exact\" or \"contains\"}",
            "and, where wanted, \"system\": the text of a system message."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all questions were answered, rightly or not",
            "1:some got an error instead of an answer",
            "2:the set or the model cannot be used"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass eval --set model-loader/demo-model/evaluation --mistakes",
            "  moonglass eval --url http://127.0.0.1:8080 --set questions --json counts.json"
        })
final class EvalCommand implements Callable<Integer> {

    private final ModelOpener models;

    @Spec private CommandSpec spec;

    @ArgGroup private Answerer answerer = new Answerer();

    @Option(
            names = "--set",
            required = true,
            paramLabel = "DIR",
            description = "The folder with questions.jsonl and its pictures.")
    private Path directory;

    @Mixin private FiguresOptions figures;

    @Option(
            names = "--mistakes",
            description =
                    "Also print every question with a wrong answer; to standard error beside JSON.")
    private boolean showMistakes;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            defaultValue = "4",
            description = "Conversations at once (default: ${DEFAULT-VALUE}).")
    private int numParallel;

    @Mixin private VisionFileOption visionFile;

    @Mixin private WeightOptions weights;

    @Mixin private ComputeOptions compute;

    @Mixin private VisionOptions vision;

    EvalCommand(ModelOpener models) {
        this.models = models;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (numParallel < 1) {
            throw new ConfigException("--parallel is %d; want 1 or more".formatted(numParallel));
        }
        EvaluationSet set = EvaluationSet.read(directory);
        EvaluationReport report = ask(set);
        PrintWriter out = spec.commandLine().getOut();
        if (showMistakes) {
            PrintWriter told = figures.arePrinted() ? spec.commandLine().getErr() : out;
            report.mistakes().forEach(answered -> told.println(line(answered)));
        }
        figures.write(report.summary(), report.lines(), out);
        if (report.numFailed() > 0) {
            spec.commandLine()
                    .getErr()
                    .printf(
                            "moonglass: %d questions got an error instead of an answer; --mistakes shows them%n",
                            report.numFailed());
            return 1;
        }
        return 0;
    }

    private EvaluationReport ask(EvaluationSet set) throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        try (AnsweringServer server =
                        AnsweringServer.open(
                                answerer, models, visionFile, weights, compute, vision, err);
                EvalProgress progress = new EvalProgress(err, set.conversations().size())) {
            return new Evaluation(server.client(), set, numParallel).run(progress::show);
        }
    }

    private static String line(Answered answered) {
        return "%s %s %s: \"%s\", wanted \"%s\""
                .formatted(
                        answered.conversation().skill(),
                        String.join(" ", answered.conversation().images()),
                        answered.question(),
                        answered.answer(),
                        answered.wanted())
                .replace("\n", "\\n");
    }
}
