package io.moonglass.runtime.bench;

import io.moonglass.engine.DecoderBench;
import io.moonglass.engine.DecoderWeights;
import io.moonglass.loader.config.VisionConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.MachineRates;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.VisionEncoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;

/// Measures a model on this machine: one thing at a time, each after a warm-up, and takes medians.
public final class ModelBench {

    private static final int REPEATS = 3;
    private static final int DECODE_STEPS = 24;
    private static final int WARM_STEPS = 8;
    private static final double LONG_SECONDS = 20;

    private final Path model;
    private final ChatModelOptions options;
    private final BenchPlan plan;
    private final Consumer<String> progress;

    /// @param progress told what is measured next
    public ModelBench(
            Path model, ChatModelOptions options, BenchPlan plan, Consumer<String> progress) {
        this.model = model;
        this.options = options;
        this.plan = plan;
        this.progress = progress;
    }

    /// @throws ConfigException if the model cannot be used
    public BenchReport run() {
        try (ThreadTeam team = new ThreadTeam(options.numThreads())) {
            progress.accept("this machine");
            BenchReport report = new BenchReport(Kernels.implementation(), rates(team));
            if (plan.parts().contains(BenchPlan.Part.LOAD)) {
                load(report);
            }
            try (Checkpoint checkpoint = Checkpoint.open(model)) {
                decoder(checkpoint, team, report);
                if (plan.parts().contains(BenchPlan.Part.PICTURE)) {
                    pictures(checkpoint, report);
                }
            }
            report.resident(peakMemory());
            return report;
        }
    }

    /// The model's largest file is mapped for as long as it is read, so that it does not count as memory
    /// that the model needs.
    private MachineRates rates(ThreadTeam team) {
        try (Stream<Path> files = Files.list(model);
                Arena arena = Arena.ofShared()) {
            MemorySegment mapped = MemorySegment.NULL;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (Files.size(file) > mapped.byteSize()) {
                    try (FileChannel channel = FileChannel.open(file)) {
                        mapped =
                                channel.map(
                                        FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
                    }
                }
            }
            return MachineRates.measure(team, mapped);
        } catch (IOException e) {
            throw new ConfigException("--model %s: cannot be read: %s".formatted(model, e), e);
        }
    }

    private void load(BenchReport report) {
        progress.accept("loading");
        long begin = System.nanoTime();
        try (LocalChatModel loaded = LocalChatModel.load(model, options)) {
            double seconds = secondsSince(begin);
            loaded.warmUp();
            report.loaded(seconds, secondsSince(begin));
        }
    }

    private void decoder(Checkpoint checkpoint, ThreadTeam team, BenchReport report) {
        boolean prompts = plan.parts().contains(BenchPlan.Part.PROMPT);
        boolean decodes = plan.parts().contains(BenchPlan.Part.DECODE);
        if (!prompts && !decodes) {
            return;
        }
        int longest = prompts ? Collections.max(plan.prompts()) : 1;
        int steps = WARM_STEPS + DECODE_STEPS;
        int deepest = decodes ? Collections.max(plan.depths()) + steps : 1;
        int streams = decodes ? plan.streams().stream().mapToInt(n -> n).max().orElse(1) : 1;
        int maxTokens = Math.max(Math.max(longest, deepest), streams * (steps + 32));
        try (DecoderBench decoder =
                new DecoderBench(DecoderWeights.from(checkpoint), team, maxTokens)) {
            if (prompts) {
                for (int length : plan.prompts()) {
                    progress.accept("a prompt of %,d tokens".formatted(length));
                    double floor =
                            floor(
                                    length * decoder.operationsPerToken(),
                                    report.rates().int8OpsPerSecond());
                    double seconds = median(() -> decoder.promptSeconds(length));
                    report.prompts().put(length, new BenchReport.Figure(seconds, floor));
                }
            }
            if (decodes) {
                decodes(decoder, report);
            }
        }
    }

    /// In several rounds over all of them, so that a busy moment of the machine does not fall on one, after one
    /// that does not count: what it runs is compiled meanwhile.
    private void decodes(DecoderBench decoder, BenchReport report) {
        Map<Integer, List<Double>> depths = new TreeMap<>();
        Map<Integer, List<Double>> streams = new TreeMap<>();
        for (int round = 0; round <= REPEATS; round++) {
            if (round == 1) {
                depths.clear();
                streams.clear();
            }
            for (int depth : plan.depths()) {
                progress.accept("generating at depth %,d".formatted(depth));
                decode(decoder, depth, 1, depths.computeIfAbsent(depth, _ -> new ArrayList<>()));
            }
            for (int count : plan.streams()) {
                progress.accept("generating %,d streams".formatted(count));
                decode(decoder, 0, count, streams.computeIfAbsent(count, _ -> new ArrayList<>()));
            }
        }
        MachineRates rates = report.rates();
        depths.forEach((depth, seconds) -> {
            double bytes = decoder.weightBytes(1) + (double) depth * decoder.cacheBytesPerToken();
            double floor = floor(bytes, rates.readBytesPerSecond());
            report.decodes().put(depth, new BenchReport.Figure(median(seconds), floor));
        });
        streams.forEach((count, seconds) -> {
            double reading = floor(decoder.weightBytes(count), rates.readBytesPerSecond());
            double operations = count * decoder.operationsPerToken();
            double computing = floor(operations, rates.int8OpsPerSecond());
            double floor = Math.max(reading, computing);
            report.batches().put(count, new BenchReport.Figure(median(seconds), floor));
        });
    }

    private static void decode(DecoderBench decoder, int depth, int streams, List<Double> seconds) {
        double[] steps = decoder.decodeSeconds(depth, streams, WARM_STEPS + DECODE_STEPS);
        for (int step = WARM_STEPS; step < steps.length; step++) {
            seconds.add(steps[step]);
        }
    }

    private void pictures(Checkpoint checkpoint, BenchReport report) {
        VisionConfig vision =
                checkpoint
                        .config()
                        .vision()
                        .orElseThrow(() ->
                                new ConfigException(
                                        "--only picture: the model %s reads text only"
                                                .formatted(model)));
        try (VisionEncoder encoder =
                options.media()
                        .backend()
                        .open(checkpoint, options.workDirectory(), options.numThreads(), false)) {
            for (int side : plan.sizes()) {
                ImagePatches patches = patches(vision, side);
                progress.accept(
                        "a picture of %,d x %,d pixels, %,d patches"
                                .formatted(side, side, patches.numPatches()));
                double seconds =
                        median(() -> {
                            long begin = System.nanoTime();
                            try (Arena arena = Arena.ofConfined()) {
                                encoder.encode(patches, arena);
                            }
                            return secondsSince(begin);
                        });
                double floor =
                        floor(
                                operations(vision, patches.numPatches()),
                                report.rates().int8OpsPerSecond());
                report.patches().put(side, patches.numPatches());
                report.pictures().put(side, new BenchReport.Figure(seconds, floor));
            }
        }
    }

    /// Products of MoonViT's layers with a picture; the projector's are few.
    private static double operations(VisionConfig vision, int numPatches) {
        double hidden = vision.hiddenSize();
        double layer =
                4 * hidden * hidden
                        + 2 * hidden * vision.intermediateSize()
                        + 2 * hidden * numPatches;
        return 2 * layer * vision.numLayers() * numPatches;
    }

    private static ImagePatches patches(VisionConfig vision, int side) {
        int cell = 2 * vision.patchSize();
        int patchesPerSide = 2 * Math.max(1, (side + cell - 1) / cell);
        float[] values = new float[patchesPerSide * patchesPerSide * vision.patchLength()];
        Random random = new Random(1);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat(-1, 1);
        }
        return new ImagePatches(values, patchesPerSide, patchesPerSide);
    }

    /// Of three runs after one that does not count; of one if they take long.
    private static double median(DoubleSupplier seconds) {
        double first = seconds.getAsDouble();
        int repeats = first > LONG_SECONDS ? 1 : REPEATS;
        double[] times = new double[repeats];
        for (int i = 0; i < repeats; i++) {
            times[i] = seconds.getAsDouble();
        }
        return median(Arrays.stream(times).boxed().toList());
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    private static double floor(double amount, double rate) {
        return rate == 0 ? 0 : amount / rate;
    }

    private static double secondsSince(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }

    /// `VmHWM` of Linux.
    private static long peakMemory() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmHWM:")) {
                    return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException e) {
            return 0; // another system
        }
        return 0;
    }
}
