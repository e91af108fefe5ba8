package io.moonglass.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SparseFeedForwardTest {

    private static final int HIDDEN = 24;
    private static final int NUM_EXPERTS = 8;
    private static final float SCALING = 2.446f;
    private static final TextConfig CONFIG =
            SmallExperts.config(NUM_EXPERTS, 3, 1, 1, true, SCALING);

    private final Random random = new Random(11);
    private final Arena arena = Arena.ofShared();
    private final Workspace workspace = new Workspace();

    @AfterEach
    void free() {
        workspace.close();
        arena.close();
    }

    @Test
    void every_token_gets_its_experts_by_weight_and_the_shared_ones_as_they_are() {
        // 300 rows per expert matrix make two pieces of it
        List<FeedForward> experts =
                SmallExperts.randomExperts(arena, NUM_EXPERTS, HIDDEN, 300, random);
        FeedForward shared = SmallExperts.randomExpert(arena, HIDDEN, 100, random);
        SparseFeedForward sparse = new SparseFeedForward(router(), experts, Optional.of(shared));
        FloatMatrix x = rows(17);
        Recorded routing = new Recorded();
        FloatMatrix out = forward(sparse, x, 2, routing);

        assertClose(expected(x, routing, experts, Optional.of(shared)), out);
    }

    @Test
    void a_model_without_shared_experts_adds_nothing_to_the_chosen_ones() {
        List<FeedForward> experts =
                SmallExperts.randomExperts(arena, NUM_EXPERTS, HIDDEN, 20, random);
        SparseFeedForward sparse = new SparseFeedForward(router(), experts, Optional.empty());
        FloatMatrix x = rows(5);
        Recorded routing = new Recorded();
        FloatMatrix out = FloatMatrix.allocate(arena, 5, HIDDEN);
        out.data().fill((byte) 0x41); // what was there before must not be seen
        try (ThreadTeam team = new ThreadTeam(1)) {
            sparse.forward(x, out, team, workspace, routing);
        }

        assertClose(expected(x, routing, experts, Optional.empty()), out);
    }

    @Test
    void experts_that_nobody_chose_are_not_computed() {
        float[] gate = new float[NUM_EXPERTS * HIDDEN];
        for (int column = 0; column < HIDDEN; column++) {
            gate[2 * HIDDEN + column] = 3;
            gate[5 * HIDDEN + column] = 2;
            gate[7 * HIDDEN + column] = 1;
        }
        List<FeedForward> experts = new ArrayList<>();
        for (int expert = 0; expert < NUM_EXPERTS; expert++) {
            boolean chosen = expert == 2 || expert == 5 || expert == 7;
            experts.add(
                    chosen
                            ? SmallExperts.randomExpert(arena, HIDDEN, 20, random)
                            : SmallExperts.brokenExpert(arena, HIDDEN, 20));
        }
        Router router =
                new Router(
                        SmallExperts.weight(arena, HIDDEN, gate), new float[NUM_EXPERTS], CONFIG);
        SparseFeedForward sparse = new SparseFeedForward(router, experts, Optional.empty());
        float[] ones = new float[4 * HIDDEN];
        Arrays.fill(ones, 0.1f);
        FloatMatrix x = FloatMatrix.of(arena, HIDDEN, ones);
        Recorded routing = new Recorded();
        FloatMatrix out = forward(sparse, x, 2, routing);

        assertArrayEquals(new int[] {2, 5, 7, 2, 5, 7, 2, 5, 7, 2, 5, 7}, routing.experts);
        assertClose(expected(x, routing, experts, Optional.empty()), out);
    }

    @Test
    void a_token_has_the_same_bits_alone_and_among_others_and_in_any_team() {
        List<FeedForward> experts =
                SmallExperts.randomExperts(arena, NUM_EXPERTS, HIDDEN, 300, random);
        Optional<FeedForward> shared =
                Optional.of(SmallExperts.randomExpert(arena, HIDDEN, 400, random));
        SparseFeedForward sparse = new SparseFeedForward(router(), experts, shared);
        FloatMatrix x = rows(33);
        float[] together = forward(sparse, x, 1, _ -> {}).toArray();

        assertArrayEquals(together, forward(sparse, x, 2, _ -> {}).toArray());
        assertArrayEquals(together, forward(sparse, x, 3, _ -> {}).toArray());
        for (int token = 0; token < 33; token += 8) {
            float[] alone = forward(sparse, x.rows(token, 1), 2, _ -> {}).toArray();
            for (int column = 0; column < HIDDEN; column++) {
                assertEquals(alone[column], together[token * HIDDEN + column]);
            }
        }
    }

    @Test
    void the_observer_sees_the_routing_before_the_experts_run() {
        List<FeedForward> experts =
                SmallExperts.randomExperts(arena, NUM_EXPERTS, HIDDEN, 20, random);
        SparseFeedForward sparse = new SparseFeedForward(router(), experts, Optional.empty());
        FloatMatrix out = FloatMatrix.allocate(arena, 2, HIDDEN);
        boolean[] told = new boolean[1];
        try (ThreadTeam team = new ThreadTeam(1)) {
            sparse.forward(
                    rows(2),
                    out,
                    team,
                    workspace,
                    routing -> {
                        told[0] = true;
                        assertEquals(2, routing.numTokens());
                        assertEquals(3, routing.numChosen());
                        assertEquals(NUM_EXPERTS, routing.scores().numColumns());
                        assertArrayEquals(new float[2 * HIDDEN], out.toArray());
                    });
        }

        assertTrue(told[0]);
    }

    @Test
    void as_many_experts_as_the_router_knows_are_wanted() {
        List<FeedForward> experts = SmallExperts.randomExperts(arena, 7, HIDDEN, 20, random);

        assertThrows(
                IllegalArgumentException.class,
                () -> new SparseFeedForward(router(), experts, Optional.empty()));
    }

    private Router router() {
        WeightMatrix gate = SmallExperts.randomWeight(arena, NUM_EXPERTS, HIDDEN, random);
        return new Router(gate, new float[NUM_EXPERTS], CONFIG);
    }

    private FloatMatrix rows(int count) {
        return SmallExperts.randomRows(arena, count, HIDDEN, random);
    }

    private FloatMatrix forward(
            SparseFeedForward sparse, FloatMatrix x, int teamSize, RoutingObserver observer) {
        FloatMatrix out = FloatMatrix.allocate(arena, x.numRows(), HIDDEN);
        try (ThreadTeam team = new ThreadTeam(teamSize)) {
            sparse.forward(x, out, team, workspace, observer);
        }
        return out;
    }

    private static double[] expected(
            FloatMatrix x,
            Recorded routing,
            List<FeedForward> experts,
            Optional<FeedForward> shared) {
        double[] expected = new double[x.numRows() * HIDDEN];
        for (int token = 0; token < x.numRows(); token++) {
            for (int n = 0; n < 3; n++) {
                int pair = token * 3 + n;
                FeedForward expert = experts.get(routing.experts[pair]);
                add(expected, token, routing.weights[pair], SmallExperts.naive(expert, x, token));
            }
            if (shared.isPresent()) {
                add(expected, token, 1, SmallExperts.naive(shared.get(), x, token));
            }
        }
        return expected;
    }

    private static void add(double[] sums, int token, double factor, double[] row) {
        for (int column = 0; column < row.length; column++) {
            sums[token * HIDDEN + column] += factor * row[column];
        }
    }

    private static void assertClose(double[] expected, FloatMatrix actual) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual.get(i / HIDDEN, i % HIDDEN), 2e-5);
        }
    }

    /// Keeps what the observer was told.
    private static final class Recorded implements RoutingObserver {
        int[] experts;
        float[] weights;

        @Override
        public void routed(Routing routing) {
            experts = routing.experts().clone();
            weights = routing.weights().clone();
            for (int token = 0; token < routing.numTokens(); token++) {
                float sum = 0;
                for (int n = 0; n < routing.numChosen(); n++) {
                    sum += weights[token * routing.numChosen() + n];
                }
                assertEquals(SCALING, sum, 1e-5);
            }
        }
    }
}
