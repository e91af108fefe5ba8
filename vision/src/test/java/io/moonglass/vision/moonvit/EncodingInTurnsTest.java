package io.moonglass.vision.moonvit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.tensor.ComputeTurns;
import io.moonglass.vision.GoldenPictures;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.Pace;
import io.moonglass.vision.TurnPace;
import io.moonglass.vision.VisionEncoder;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EncodingInTurnsTest {

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

    /// Takes turns as an engine with much to do, until its encoder is done.
    private static final class Rival {
        private final ComputeTurns turns = new ComputeTurns(Duration.ZERO);
        private final AtomicInteger numTurns = new AtomicInteger();
        private volatile boolean done;

        void takeTurns() {
            while (!done) {
                turns.take();
                numTurns.incrementAndGet();
                turns.give();
            }
        }
    }

    /// Pauses only when the rival waits, so that no turn depends on how fast threads wake.
    private record Contested(TurnPace pace, Rival rival, AtomicInteger numPauses) implements Pace {
        @Override
        public boolean isDue() {
            return true;
        }

        @Override
        public void pause() {
            if (numPauses.getAndIncrement() > 0) {
                while (!rival.turns.isWanted()) {
                    Thread.onSpinWait();
                }
                int before = rival.numTurns.get();
                pace.pause();
                assertTrue(rival.numTurns.get() > before);
            } else {
                pace.pause();
            }
        }
    }

    @Test
    void turns_alternate_with_another_user_of_the_cores_and_change_no_bit() throws Exception {
        ImagePatches patches = patches();
        Rival rival = new Rival();
        AtomicInteger numPauses = new AtomicInteger();
        CompletableFuture<Void> rivalry = CompletableFuture.runAsync(rival::takeTurns);
        try (Arena arena = Arena.ofConfined()) {
            float[] alone = encoder.encode(patches, arena).toArray();
            float[] inTurns;
            try (TurnPace pace = new TurnPace(rival.turns, () -> false)) {
                inTurns =
                        encoder.encode(patches, new Contested(pace, rival, numPauses), arena)
                                .toArray();
            }
            assertArrayEquals(alone, inTurns);
        } finally {
            rival.done = true;
        }
        rivalry.get(60, TimeUnit.SECONDS);
        int numLayers = checkpoint.config().vision().orElseThrow().numLayers();
        // attention alone has several pieces for each head
        assertTrue(numPauses.get() > 20 * numLayers, () -> numPauses + " pauses");
    }

    @Test
    void an_encoder_that_is_alone_is_never_held_up() {
        ComputeTurns turns = new ComputeTurns(Duration.ZERO);
        AtomicInteger numPauses = new AtomicInteger();
        try (TurnPace pace = new TurnPace(turns, () -> false);
                Arena arena = Arena.ofConfined()) {
            Pace counted =
                    new Pace() {
                        @Override
                        public boolean isDue() {
                            return pace.isDue();
                        }

                        @Override
                        public void pause() {
                            numPauses.incrementAndGet();
                            pace.pause();
                        }
                    };
            encoder.encode(patches(), counted, arena);
        }
        assertEquals(1, numPauses.get()); // where the turn is taken
    }

    @Test
    void a_picture_that_nobody_waits_for_gives_turn_and_encoder_back() throws Exception {
        ComputeTurns turns = new ComputeTurns(Duration.ofDays(1));
        AtomicInteger asked = new AtomicInteger();
        ImagePatches patches = patches();
        try (Arena arena = Arena.ofConfined()) {
            float[] wanted = encoder.encode(patches, arena).toArray();

            try (TurnPace pace = new TurnPace(turns, () -> asked.incrementAndGet() > 50)) {
                assertThrows(
                        CancellationException.class, () -> encoder.encode(patches, pace, arena));
            }

            assertTrue(asked.get() < 60, () -> "asked " + asked + " times");
            CompletableFuture.runAsync(
                            () -> {
                                turns.take();
                                turns.give();
                            })
                    .get(60, TimeUnit.SECONDS);
            assertArrayEquals(wanted, encoder.encode(patches, arena).toArray());
        }
    }

    private static ImagePatches patches() {
        return GoldenPictures.preprocessor()
                .preprocess(GoldenPictures.decoded("over_limit_401x333"));
    }
}
