package io.moonglass.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FeedForwardTest {

    @Test
    void the_output_is_down_of_the_gated_up() {
        try (Arena arena = Arena.ofConfined();
                ThreadTeam team = new ThreadTeam(1);
                Workspace workspace = new Workspace()) {
            FeedForward feedForward =
                    new FeedForward(
                            SmallExperts.weight(arena, 2, 1, 0, 0, 1), // the row itself
                            SmallExperts.weight(arena, 2, 2, 0, 0, 3),
                            SmallExperts.weight(arena, 2, 1, 1, 0, 10));
            FloatMatrix out = FloatMatrix.allocate(arena, 1, 2);
            feedForward.forward(FloatMatrix.of(arena, 2, 1, 2), out, team, workspace);

            double first = 1 / (1 + Math.exp(-1)) * 2; // silu(1) * 2 * 1
            double second = 2 / (1 + Math.exp(-2)) * 6; // silu(2) * 3 * 2
            assertEquals(first + second, out.get(0, 0), 1e-6);
            assertEquals(10 * second, out.get(0, 1), 1e-5);
        }
    }

    @Test
    void awkward_sizes_agree_with_the_definition() {
        Random random = new Random(1);
        try (Arena arena = Arena.ofShared();
                ThreadTeam team = new ThreadTeam(2);
                Workspace workspace = new Workspace()) {
            for (int[] sizes : new int[][] {{1, 1, 1}, {3, 7, 13}, {5, 63, 65}, {64, 64, 130}}) {
                FeedForward feedForward =
                        SmallExperts.randomExpert(arena, sizes[1], sizes[2], random);
                FloatMatrix x = SmallExperts.randomRows(arena, sizes[0], sizes[1], random);
                FloatMatrix out = FloatMatrix.allocate(arena, sizes[0], sizes[1]);
                feedForward.forward(x, out, team, workspace);

                for (int row = 0; row < sizes[0]; row++) {
                    double[] expected = SmallExperts.naive(feedForward, x, row);
                    for (int column = 0; column < expected.length; column++) {
                        assertEquals(expected[column], out.get(row, column), 1e-5);
                    }
                }
            }
        }
    }

    @Test
    void a_row_has_the_same_bits_alone_and_among_others() {
        Random random = new Random(2);
        try (Arena arena = Arena.ofShared();
                ThreadTeam team = new ThreadTeam(2);
                Workspace workspace = new Workspace()) {
            FeedForward feedForward = SmallExperts.randomExpert(arena, 64, 130, random);
            FloatMatrix x = SmallExperts.randomRows(arena, 40, 64, random);
            FloatMatrix together = FloatMatrix.allocate(arena, 40, 64);
            feedForward.forward(x, together, team, workspace); // large enough to be shared out
            FloatMatrix alone = FloatMatrix.allocate(arena, 1, 64);
            feedForward.forward(x.rows(17, 1), alone, team, workspace);

            assertArrayEquals(alone.toArray(), together.rows(17, 1).toArray());
        }
    }

    @Test
    void quantised_in_pieces_it_has_the_bits_of_one_product_after_the_other() {
        Random random = new Random(4);
        try (Arena arena = Arena.ofShared();
                ThreadTeam team = new ThreadTeam(2);
                Workspace workspace = new Workspace();
                Workspace.Frame frame = workspace.frame()) {
            FeedForward floats = SmallExperts.randomExpert(arena, 64, 610, random);
            FeedForward packed =
                    new FeedForward(
                            SmallExperts.packed(arena, floats.gate()),
                            SmallExperts.packed(arena, floats.up()),
                            SmallExperts.packed(arena, floats.down()));
            FloatMatrix x = SmallExperts.randomRows(arena, 5, 64, random);
            FloatMatrix gated = FloatMatrix.allocate(arena, 5, 610);
            FloatMatrix raised = FloatMatrix.allocate(arena, 5, 610);
            FloatMatrix expected = FloatMatrix.allocate(arena, 5, 64);
            Kernels.linear(new LayerInput(x, team, frame), packed.gate(), gated, team);
            Kernels.linear(new LayerInput(x, team, frame), packed.up(), raised, team);
            Kernels.siluGate(gated, raised, gated, 0, 5, 0, 610);
            Kernels.linear(new LayerInput(gated, team, frame), packed.down(), expected, team);

            FloatMatrix out = FloatMatrix.allocate(arena, 5, 64);
            packed.forward(x, out, team, workspace);

            assertArrayEquals(expected.toArray(), out.toArray());
        }
    }

    @Test
    void scratch_memory_is_given_back() {
        Random random = new Random(3);
        try (Arena arena = Arena.ofConfined();
                ThreadTeam team = new ThreadTeam(1);
                Workspace workspace = new Workspace()) {
            FeedForward feedForward = SmallExperts.randomExpert(arena, 8, 1024, random);
            FloatMatrix x = SmallExperts.randomRows(arena, 64, 8, random);
            FloatMatrix out = FloatMatrix.allocate(arena, 64, 8);
            feedForward.forward(x, out, team, workspace);
            long reserved = workspace.reservedBytes();
            for (int i = 0; i < 40; i++) {
                feedForward.forward(x, out, team, workspace); // half a megabyte each
            }

            assertTrue(reserved > 0);
            assertEquals(reserved, workspace.reservedBytes());
        }
    }

    @Test
    void matrices_that_do_not_fit_together_are_refused() {
        Random random = new Random(4);
        try (Arena arena = Arena.ofConfined()) {
            var wide = SmallExperts.randomWeight(arena, 6, 4, random);
            var narrow = SmallExperts.randomWeight(arena, 5, 4, random);
            var back = SmallExperts.randomWeight(arena, 4, 6, random);

            assertEquals(6, new FeedForward(wide, wide, back).intermediateSize());
            assertEquals(4, new FeedForward(wide, wide, back).hiddenSize());
            assertThrows(IllegalArgumentException.class, () -> new FeedForward(wide, narrow, back));
            assertThrows(
                    IllegalArgumentException.class, () -> new FeedForward(narrow, narrow, back));
            assertThrows(IllegalArgumentException.class, () -> new FeedForward(wide, wide, wide));
        }
    }
}
