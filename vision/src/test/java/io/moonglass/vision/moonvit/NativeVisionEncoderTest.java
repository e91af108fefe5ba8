package io.moonglass.vision.moonvit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.vision.GoldenPictures;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.VisionBackend;
import io.moonglass.vision.VisionEncoder;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
