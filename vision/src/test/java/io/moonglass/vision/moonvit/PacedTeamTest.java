package io.moonglass.vision.moonvit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.tensor.ThreadTeam;
import io.moonglass.vision.Pace;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PacedTeamTest {

    private static final int NUM_PIECES = 101;

    /// Always wants a pause, and allows so many.
    private static final class Restless implements Pace {
        private final int maxPauses;
        private final AtomicInteger numComputing = new AtomicInteger();
        private int numPauses;

        Restless(int maxPauses) {
            this.maxPauses = maxPauses;
        }

        @Override
        public boolean isDue() {
            return true;
        }

        @Override
        public void pause() {
            assertEquals(0, numComputing.get());
            if (++numPauses > maxPauses) {
                throw new CancellationException();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void every_piece_runs_once_however_often_the_work_pauses(int size) {
        Restless pace = new Restless(Integer.MAX_VALUE);
        AtomicIntegerArray runs = new AtomicIntegerArray(NUM_PIECES);
        try (ThreadTeam team = new ThreadTeam(size)) {
            new PacedTeam(team, pace)
                    .run(
                            NUM_PIECES,
                            (piece, _) -> {
                                pace.numComputing.incrementAndGet();
                                runs.incrementAndGet(piece);
                                pace.numComputing.decrementAndGet();
                            });
        }
        for (int piece = 0; piece < NUM_PIECES; piece++) {
            assertEquals(1, runs.get(piece));
        }
        // each member runs at most its share of a round, and the shares it takes from others
        assertTrue(pace.numPauses >= NUM_PIECES / (size + 1), () -> pace.numPauses + " pauses");
    }

    @Test
    void a_work_that_nobody_wants_any_more_ends_at_a_pause() {
        AtomicInteger runs = new AtomicInteger();
        try (ThreadTeam team = new ThreadTeam(2)) {
            PacedTeam paced = new PacedTeam(team, new Restless(5));
            assertThrows(
                    CancellationException.class,
                    () -> paced.run(NUM_PIECES, (_, _) -> runs.incrementAndGet()));
        }
        assertTrue(runs.get() < NUM_PIECES / 2, () -> runs + " pieces");
    }
}
