package io.moonglass.vision.moonvit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.pack.PackedModels;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.pack.WeightFormats;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import io.moonglass.vision.GoldenPictures;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.Pace;
import io.moonglass.vision.VisionBackend;
import io.moonglass.vision.VisionEncoder;
import java.io.File;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class NativeVisionEncoderTest {

    /// What float32 may lose against the float64 reference, relative to a tensor's largest value.
    private static final double TOLERANCE = 2e-6;

    @TempDir private static Path work;

    private static Checkpoint checkpoint;
    private static VisionEncoder encoder;

    @BeforeAll
    static void load() {
        checkpoint = Checkpoint.open(TestModels.tinyRandom());
        encoder = NativeVisionEncoder.load(checkpoint, 2);
    }

    @AfterAll
    static void close() {
        encoder.close();
        checkpoint.close();
    }

    @ParameterizedTest
    @MethodSource("io.moonglass.vision.GoldenPictures#names")
    void every_stage_agrees_with_the_recorded_one(String name) {
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile golden =
                    SafetensorsFile.map(TestModels.golden().resolve("vision.safetensors"), arena);
            Map<String, FloatMatrix> stages = encoder.encodeWithIntermediates(patches(name), arena);

            assertEquals(
                    List.of(
                            "pos_emb",
                            "embed",
                            "block.0",
                            "block.1",
                            "final_norm",
                            "merged",
                            "projected"),
                    List.copyOf(stages.keySet()));
            stages.forEach((stage, values) -> {
                float[] wanted = golden.tensor(name + "." + stage).floats();
                assertClose(wanted, values.toArray(), TOLERANCE, stage);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("io.moonglass.vision.GoldenPictures#names")
    void both_encoders_give_the_same_rows(String name) {
        try (VisionEncoder onnx = VisionBackend.ONNX.open(checkpoint, work, 2, false);
                Arena arena = Arena.ofConfined()) {
            FloatMatrix wanted = onnx.encode(patches(name), arena);
            FloatMatrix found = encoder.encode(patches(name), arena);

            assertEquals(checkpoint.config().text().hiddenSize(), found.numColumns());
            assertClose(wanted.toArray(), found.toArray(), TOLERANCE, "projected");
        }
    }

    /// Of 8 and 4 bits, and in rows of only 64 numbers; a released model's are 1,152 or more.
    @ParameterizedTest
    @CsvSource({"Q8, 0.02", "Q4, 0.25"})
    void packed_weights_give_nearly_the_same_rows(WeightFormat format, double tolerance) {
        try (Checkpoint packed = packed(format);
                VisionEncoder quantised = NativeVisionEncoder.load(packed, 2);
                VisionEncoder onnx = VisionBackend.ONNX.open(packed, work, 2, false);
                Arena arena = Arena.ofConfined()) {
            assertEquals(
                    format.spelling(),
                    packed.panels("vision_tower.encoder.blocks.1.mlp.fc1.weight")
                            .orElseThrow()
                            .type()
                            .name()
                            .toLowerCase(Locale.ROOT));
            for (String name : GoldenPictures.NAMES) {
                float[] wanted = encoder.encode(patches(name), arena).toArray();
                float[] found = quantised.encode(patches(name), arena).toArray();
                float[] widened = onnx.encode(patches(name), arena).toArray();
                double lost = distance(wanted, found);
                assertTrue(lost < tolerance, "%s lost %.2g".formatted(name, lost));
                // the same weights, but rows and attention are not rounded
                double rounded = distance(widened, found);
                assertTrue(rounded < 0.02, "%s of rows lost %.2g".formatted(name, rounded));
            }
        }
    }

    @Test
    void memory_grows_with_the_number_of_patches_and_not_with_its_square() {
        long small = memory(32);
        long large = memory(128); // 16 times the patches
        assertTrue(large < 16 * small, "%,d bytes, then %,d".formatted(small, large));
    }

    private static long memory(int side) {
        MoonVitWeights weights = MoonVitWeights.from(checkpoint);
        int numPatches = side * side;
        ImagePatches patches =
                new ImagePatches(
                        new float[numPatches * weights.config().patchLength()], side, side);
        try (ThreadTeam team = new ThreadTeam(2);
                Workspace workspace = new Workspace();
                Arena arena = Arena.ofShared()) {
            int outputSize = weights.narrow().bias().length;
            new EncoderPass(
                            weights,
                            patches,
                            new PacedTeam(team, Pace.ALONE),
                            workspace,
                            Stages.UNSEEN)
                    .run(FloatMatrix.allocate(arena, numPatches / 4, outputSize));
            return workspace.reservedBytes();
        }
    }

    /// What a JVM does whose class path has no ONNX Runtime.
    static final class WithoutOnnxRuntime {
        public static void main(String[] arguments) {
            try (Checkpoint checkpoint = Checkpoint.open(Path.of(arguments[0]));
                    VisionEncoder encoder =
                            VisionBackend.NATIVE.open(checkpoint, Path.of("."), 2, false);
                    Arena arena = Arena.ofConfined()) {
                System.out.print(encoder.encode(patches("frame_0"), arena).numRows());
            }
        }
    }

    @Test
    void pictures_are_encoded_where_there_is_no_onnx_runtime() throws Exception {
        String classPath =
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> !entry.contains("onnxruntime"))
                        .collect(Collectors.joining(File.pathSeparator));
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--add-modules=jdk.incubator.vector",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                classPath,
                                WithoutOnnxRuntime.class.getName(),
                                TestModels.tinyRandom().toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertEquals(0, process.waitFor());
        assertEquals(String.valueOf(patches("frame_0").numTokens()), out);
    }

    @Test
    void any_number_of_threads_gives_the_same_bits() {
        try (VisionEncoder alone = NativeVisionEncoder.load(checkpoint, 1);
                VisionEncoder many = NativeVisionEncoder.load(checkpoint, 5);
                Arena arena = Arena.ofConfined()) {
            ImagePatches patches = patches("over_limit_401x333");
            assertArrayEquals(
                    alone.encode(patches, arena).toArray(), many.encode(patches, arena).toArray());
        }
    }

    @Test
    void callers_at_the_same_time_each_get_their_own_picture() throws Exception {
        try (Arena arena = Arena.ofShared();
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<float[]>> together = new ArrayList<>();
            for (String name : GoldenPictures.NAMES) {
                ImagePatches patches = patches(name);
                together.add(threads.submit(() -> encoder.encode(patches, arena).toArray()));
            }
            for (int i = 0; i < together.size(); i++) {
                String name = GoldenPictures.NAMES.get(i);
                float[] alone = encoder.encode(patches(name), arena).toArray();
                assertArrayEquals(alone, together.get(i).get());
            }
        }
    }

    @Test
    void a_closed_encoder_refuses_pictures() {
        VisionEncoder closed = NativeVisionEncoder.load(checkpoint, 2);
        closed.close();
        closed.close();
        try (Arena arena = Arena.ofConfined()) {
            assertThrows(
                    IllegalStateException.class, () -> closed.encode(patches("frame_0"), arena));
        }
    }

    @Test
    void patches_of_another_size_are_refused() {
        ImagePatches patches = new ImagePatches(new float[4 * 3], 2, 2);
        try (Arena arena = Arena.ofConfined()) {
            assertThrows(IllegalArgumentException.class, () -> encoder.encode(patches, arena));
        }
    }

    private static Checkpoint packed(WeightFormat format) {
        Path target = work.resolve(format.spelling());
        PackedModels.pack(
                TestModels.tinyRandom(),
                new WeightFormats(format, format),
                target,
                2,
                (_, _, _, _) -> {});
        return Checkpoint.open(target);
    }

    /// Root of the mean square of the difference, relative to that of what is wanted.
    private static double distance(float[] wanted, float[] found) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < wanted.length; i++) {
            difference += Math.pow(wanted[i] - found[i], 2);
            size += Math.pow(wanted[i], 2);
        }
        return Math.sqrt(difference / size);
    }

    private static ImagePatches patches(String name) {
        return GoldenPictures.preprocessor().preprocess(GoldenPictures.decoded(name));
    }

    private static void assertClose(float[] wanted, float[] found, double tolerance, String what) {
        assertEquals(wanted.length, found.length, what);
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < wanted.length; i++) {
            largest = Math.max(largest, Math.abs(wanted[i]));
            worst = Math.max(worst, Math.abs(wanted[i] - found[i]));
        }
        double relative = worst / largest;
        assertTrue(
                relative < tolerance,
                "%s is off by %.2g of its largest value".formatted(what, relative));
    }
}
