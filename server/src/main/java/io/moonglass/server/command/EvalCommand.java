package io.moonglass.server.command;

import io.moonglass.clients.MoonglassClient;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModel;
import io.moonglass.server.eval.Answered;
import io.moonglass.server.eval.Evaluation;
import io.moonglass.server.eval.EvaluationReport;
import io.moonglass.server.eval.EvaluationSet;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
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

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description =
                    "Also write the counts here: {\"skills\": {NAME: {\"asked\", \"right\"}}, ...}.")
    private Optional<Path> json;

    @Option(names = "--mistakes", description = "Also print every question with a wrong answer.")
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
        EvaluationReport report = answerer.isServer() ? ask(answerer.client(), set) : serve(set);
        json.ifPresent(file -> JsonFile.write(report.summary(), file));
        PrintWriter out = spec.commandLine().getOut();
        if (showMistakes) {
            report.mistakes().forEach(answered -> out.println(line(answered)));
        }
        report.lines().forEach(out::println);
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

    /// Over HTTP like any other client, on a port of its own.
    private EvaluationReport serve(EvaluationSet set) throws InterruptedException {
        try (ChatModel model =
                        weights.open(
                                models,
                                visionFile.of(answerer.directory()),
                                vision.in(compute.chatModel()),
                                spec.commandLine().getErr());
                MoonglassServer server =
                        MoonglassServer.start(model, ServerOptions.DEFAULT.withPort(0))) {
            URI address = URI.create("http://127.0.0.1:" + server.port());
            return ask(MoonglassClient.of(address), set);
        }
    }

    private EvaluationReport ask(MoonglassClient client, EvaluationSet set)
            throws InterruptedException {
        try (EvalProgress progress =
                new EvalProgress(spec.commandLine().getErr(), set.conversations().size())) {
            return new Evaluation(client, set, numParallel).run(progress::show);
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
