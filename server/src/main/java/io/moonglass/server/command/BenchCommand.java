package io.moonglass.server.command;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.bench.BenchPlan;
import io.moonglass.runtime.bench.BenchReport;
import io.moonglass.runtime.bench.ModelBench;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleBiFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass bench`: how fast a model is here, and how fast it could be.
@Command(
        name = "bench",
        description = {
            "Measure a model on this machine: prompts, generation, pictures, loading, memory.",
            "Each figure stands beside its floor: what the same bytes or operations take at the rates"
                    + " that are measured first. Nothing else should run meanwhile."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass bench --model packed",
            "  moonglass bench --model packed --only decode --streams 8,32 --json out.json"
        })
final class BenchCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "The checkpoint, packed or not, a folder or the ORG/NAME of one that was pulled, or a decoder in GGUF (default: the demo model).")
    private Optional<String> model;

    @Mixin private FolderOptions folder;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "PART",
            description = "prompt, decode, picture or load; several with commas (default: all).")
    private List<String> only = List.of("load", "prompt", "decode", "picture");

    @Option(
            names = "--prompts",
            split = ",",
            paramLabel = "N",
            description = "Lengths of prompts in tokens (default: ${DEFAULT-VALUE}).",
            defaultValue = "128,512,2048")
    private List<Integer> prompts;

    @Option(
            names = "--depths",
            split = ",",
            paramLabel = "N",
            description = "Tokens before a generated one (default: ${DEFAULT-VALUE}).",
            defaultValue = "0,2048,8192")
    private List<Integer> depths;

    @Option(
            names = "--streams",
            split = ",",
            paramLabel = "N",
            description = "Sequences that generate together, such as 8,32 (default: none).")
    private List<Integer> streams = List.of();

    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "PIXELS",
            description = "Sides of pictures (default: ${DEFAULT-VALUE}).",
            defaultValue = "448,896")
    private List<Integer> sizes;

    @Mixin private FiguresOptions figures;

    @Mixin private ComputeOptions compute;

    @Mixin private VisionOptions vision;

    @Override
    public Integer call() {
        Logging.beQuiet();
        ChatModelOptions options = vision.in(compute.chatModel());
        PrintWriter err = spec.commandLine().getErr();
        BenchReport report =
                new ModelBench(
                                folder.folder(
                                        model.map(ModelPath::of).orElseGet(DemoModel::directory),
                                        options.numThreads(),
                                        err),
                                options,
                                plan(),
                                what -> err.printf("moonglass: measuring %s%n", what))
                        .run();
        figures.write(json(report), table(report), spec.commandLine().getOut());
        return 0;
    }

    private BenchPlan plan() {
        Set<BenchPlan.Part> parts = EnumSet.noneOf(BenchPlan.Part.class);
        for (String part : only) {
            try {
                parts.add(BenchPlan.Part.valueOf(part.toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException e) {
                throw new ConfigException(
                        "--only %s; want prompt, decode, picture or load".formatted(part), e);
            }
        }
        atLeast("--prompts", prompts, 1);
        atLeast("--depths", depths, 0);
        atLeast("--sizes", sizes, 1);
        atLeast("--streams", streams, 1);
        return new BenchPlan(parts, prompts, depths, sizes, streams);
    }

    private static void atLeast(String option, List<Integer> values, int least) {
        if (values.stream().anyMatch(value -> value < least)) {
            throw new ConfigException(
                    "%s %s; want numbers from %d up".formatted(option, values, least));
        }
    }

    private static List<String> table(BenchReport report) {
        StringWriter written = new StringWriter();
        print(report, new PrintWriter(written));
        return written.toString().lines().toList();
    }

    private static void print(BenchReport report, PrintWriter out) {
        out.printf("kernels %s%n", report.kernels());
        out.printf("memory  %.1f GB/s read%n", report.rates().readBytesPerSecond() / 1e9);
        if (report.rates().int8OpsPerSecond() > 0) {
            out.printf("8 bits  %.0f GOP/s at most%n", report.rates().int8OpsPerSecond() / 1e9);
        }
        out.printf("%n%-28s%14s%14s%10s%n", "", "measured", "floor", "reached");
        report.prompts()
                .forEach((length, figure) ->
                        line(out, "prompt of %,d tokens".formatted(length), figure, length));
        report.decodes()
                .forEach((depth, figure) ->
                        line(out, "token at depth %,d".formatted(depth), figure, 1));
        report.batches()
                .forEach((count, figure) ->
                        line(out, "%,d streams".formatted(count), figure, count));
        report.pictures()
                .forEach((side, figure) ->
                        out.printf(
                                "%-34s%6.2f s%s%n",
                                "picture %,d x %,d, %,d patches"
                                        .formatted(side, side, report.patches().get(side)),
                                figure.seconds(),
                                floor(figure, "%12.2f s".formatted(figure.floorSeconds()))));
        if (report.loadSeconds() > 0) {
            out.printf("%-28s%12.2f s%n", "loaded after", report.loadSeconds());
            out.printf("%-28s%12.2f s%n", "ready after", report.readySeconds());
        }
        if (report.residentBytes() > 0) {
            out.printf("%-28s%11.2f GB%n", "memory at most", report.residentBytes() / 1e9);
        }
    }

    private static void line(
            PrintWriter out, String what, BenchReport.Figure figure, int numTokens) {
        String floor = "%10.1f t/s".formatted(numTokens / figure.floorSeconds());
        out.printf("%-28s%10.1f t/s%s%n", what, numTokens / figure.seconds(), floor(figure, floor));
    }

    /// A floor and what share of it was reached; nothing where what it takes was not measured.
    private static String floor(BenchReport.Figure figure, String floor) {
        double seconds = figure.floorSeconds();
        return seconds == 0 ? "" : "%s%9.0f%%".formatted(floor, 100 * seconds / figure.seconds());
    }

    private static ObjectNode json(BenchReport report) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        put(root, "prompt_tokens_per_second", report.prompts(), (n, f) -> n / f.seconds());
        put(root, "decode_tokens_per_second", report.decodes(), (_, f) -> 1 / f.seconds());
        put(root, "batch_decode_tokens_per_second", report.batches(), (n, f) -> n / f.seconds());
        put(root, "picture_seconds", report.pictures(), (_, f) -> f.seconds());
        ObjectNode patches = root.putObject("picture_patches");
        report.patches().forEach((side, count) -> patches.put(String.valueOf(side), count));
        root.put("load_seconds", report.loadSeconds());
        root.put("ready_seconds", report.readySeconds());
        root.put("resident_bytes", report.residentBytes());
        root.put("read_bytes_per_second", report.rates().readBytesPerSecond());
        root.put("peak_int8_ops_per_second", report.rates().int8OpsPerSecond());
        root.put("kernels", report.kernels());
        return root;
    }

    private static void put(
            ObjectNode root,
            String name,
            Map<Integer, BenchReport.Figure> figures,
            ToDoubleBiFunction<Integer, BenchReport.Figure> value) {
        ObjectNode node = root.putObject(name);
        figures.forEach(
                (key, figure) -> node.put(String.valueOf(key), value.applyAsDouble(key, figure)));
    }
}
