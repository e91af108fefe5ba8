package io.moonglass.vision.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.util.Utils;
import ai.onnxruntime.OrtEnvironment;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.vision.GoldenPictures;
import io.moonglass.vision.ImagePatches;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxVisionEncoderTest {

    /// What float32 may lose against the float64 reference, relative to a tensor's largest value.
    private static final double TOLERANCE = 2e-6;

    @TempDir private static Path work;

    private static Checkpoint checkpoint;
    private static OnnxVisionEncoder plain;
    private static OnnxVisionEncoder telling;

    @BeforeAll
    static void load() {
        checkpoint = Checkpoint.open(TestModels.tinyRandom());
        plain = OnnxVisionEncoder.load(checkpoint, work, 1, false);
        telling = OnnxVisionEncoder.load(checkpoint, work, 2, true);
    }

    @AfterAll
    static void close() {
        plain.close();
        telling.close();
        checkpoint.close();
    }

    @Test
    void the_pinned_onnx_runtime_is_the_one_that_runs() {
        assertEquals("1.29.0", OrtEnvironment.getEnvironment().getVersion());
    }

    @Test
    void djl_is_kept_off_the_network() {
        assertTrue(Utils.isOfflineMode());
        assertEquals("true", System.getProperty("OPT_OUT_TRACKING"));
    }

    @Test
    void a_damaged_graph_is_the_checkpoints_fault(@TempDir Path folder) throws IOException {
        Path graph = folder.resolve("moonvit.onnx");
        Files.writeString(graph, "no protobuf");
        assertThrows(
                ModelFormatException.class,
                () ->
                        OnnxVisionEncoder.open(
                                checkpoint.config().vision().orElseThrow(), graph, 1, false));
    }

    @ParameterizedTest
    @MethodSource("io.moonglass.vision.GoldenPictures#names")
    void every_stage_agrees_with_the_recorded_one(String name) {
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile golden =
                    SafetensorsFile.map(TestModels.golden().resolve("vision.safetensors"), arena);
            Map<String, FloatMatrix> stages = telling.encodeWithIntermediates(patches(name), arena);

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
                assertClose(wanted, values.toArray(), stage);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("io.moonglass.vision.GoldenPictures#names")
    void encoding_without_intermediates_agrees_too(String name) {
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile golden =
                    SafetensorsFile.map(TestModels.golden().resolve("vision.safetensors"), arena);
            ImagePatches patches = patches(name);
            FloatMatrix rows = plain.encode(patches, arena);

            assertEquals(patches.numTokens(), rows.numRows());
            assertEquals(checkpoint.config().text().hiddenSize(), rows.numColumns());
            assertClose(golden.tensor(name + ".projected").floats(), rows.toArray(), "projected");
        }
    }

    @Test
    void pictures_encoded_at_the_same_time_do_not_touch_each_other() throws Exception {
        try (Arena arena = Arena.ofShared();
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<float[]>> together = new ArrayList<>();
            for (String name : GoldenPictures.NAMES) {
                ImagePatches patches = patches(name);
                together.add(threads.submit(() -> plain.encode(patches, arena).toArray()));
            }
            for (int i = 0; i < together.size(); i++) {
                float[] alone = plain.encode(patches(GoldenPictures.NAMES.get(i)), arena).toArray();
                assertArrayEquals(alone, together.get(i).get());
            }
        }
    }

    @Test
    void nothing_is_left_in_the_work_folder() throws IOException {
        try (var left = Files.list(work)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void a_work_folder_that_cannot_be_used_is_the_operators_fault() throws IOException {
        Path file = Files.createTempFile("moonglass-", ".file");
        try {
            ConfigException refusal =
                    assertThrows(
                            ConfigException.class,
                            () -> OnnxVisionEncoder.load(checkpoint, file, 1, false));
            assertTrue(refusal.getMessage().startsWith(file.toString()));
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void closing_waits_for_pictures_that_are_being_encoded_and_refuses_later_ones()
            throws Exception {
        OnnxVisionEncoder encoder = OnnxVisionEncoder.load(checkpoint, work, 1, false);
        ImagePatches patches = patches("over_limit_401x333");
        try (ExecutorService threads = Executors.newFixedThreadPool(2);
                Arena arena = Arena.ofShared()) {
            CountDownLatch encoding = new CountDownLatch(2);
            List<Future<Integer>> encoded = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                encoded.add(
                        threads.submit(() -> {
                            int numEncoded = 0;
                            try {
                                while (true) {
                                    encoder.encode(patches, arena);
                                    if (numEncoded++ == 0) {
                                        encoding.countDown();
                                    }
                                }
                            } catch (IllegalStateException closed) {
                                assertEquals("the picture encoder is closed", closed.getMessage());
                                return numEncoded;
                            }
                        }));
            }
            encoding.await();
            encoder.close();
            encoder.close();
            for (Future<Integer> pictures : encoded) {
                assertTrue(pictures.get() > 0);
            }
        }
    }

    @Test
    void patches_of_another_size_are_refused() {
        ImagePatches patches = new ImagePatches(new float[4 * 3], 2, 2);
        try (Arena arena = Arena.ofConfined()) {
            assertThrows(IllegalArgumentException.class, () -> plain.encode(patches, arena));
        }
    }

    @Test
    void a_graph_without_intermediates_says_so() {
        ImagePatches patches = patches("frame_0");
        try (Arena arena = Arena.ofConfined()) {
            assertThrows(
                    IllegalStateException.class,
                    () -> plain.encodeWithIntermediates(patches, arena));
        }
    }

    private static ImagePatches patches(String name) {
        return GoldenPictures.preprocessor().preprocess(GoldenPictures.decoded(name));
    }

    private static void assertClose(float[] wanted, float[] found, String what) {
        assertEquals(wanted.length, found.length, what);
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < wanted.length; i++) {
            largest = Math.max(largest, Math.abs(wanted[i]));
            worst = Math.max(worst, Math.abs(wanted[i] - found[i]));
        }
        double relative = worst / largest;
        assertTrue(
                relative < TOLERANCE,
                "%s is off by %.2g of its largest value".formatted(what, relative));
    }
}
