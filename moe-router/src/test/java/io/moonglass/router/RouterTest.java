package io.moonglass.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The hidden size is 1 and the only token is 1, so the gate's weights are the experts' logits.
class RouterTest {

    private static final float[] NO_BIAS = new float[4];

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    void a_score_is_the_sigmoid_of_the_gate() {
        Routing routing = route(SmallExperts.config(4, 1), logits(0.5, 0.25, 0.125, 0.75), NO_BIAS);

        assertArrayEquals(
                new float[] {0.5f, 0.25f, 0.125f, 0.75f}, routing.scores().toArray(), 1e-6f);
    }

    @Test
    void the_experts_of_the_highest_scores_are_chosen_the_best_first() {
        Routing routing = route(SmallExperts.config(4, 3), logits(0.5, 0.25, 0.125, 0.75), NO_BIAS);

        assertArrayEquals(new int[] {3, 0, 1}, routing.experts());
    }

    @Test
    void the_bias_decides_the_choice_but_never_the_weights() {
        float[] bias = {0, 0, 0.5f, 0};
        Routing routing = route(plain(4, 2), logits(0.5, 0.25, 0.125, 0.75), bias);

        assertArrayEquals(new int[] {3, 2}, routing.experts()); // 0.75 and 0.125 + 0.5
        assertArrayEquals(new float[] {0.75f, 0.125f}, routing.weights(), 1e-6f);
        assertEquals(0.125f, routing.scores().get(0, 2), 1e-6f);
    }

    @Test
    void a_negative_bias_can_rule_an_expert_out() {
        float[] bias = {0, 0, 0, -2};
        Routing routing = route(plain(4, 2), logits(0.5, 0.25, 0.125, 0.75), bias);

        assertArrayEquals(new int[] {0, 1}, routing.experts());
    }

    @Test
    void a_tie_goes_to_the_lower_expert() {
        Routing routing = route(plain(4, 2), logits(0.25, 0.5, 0.5, 0.5), NO_BIAS);

        assertArrayEquals(new int[] {1, 2}, routing.experts());
    }

    @Test
    void normalised_weights_share_the_scaling_factor_in_proportion_to_the_scores() {
        TextConfig config = SmallExperts.config(4, 2, 1, 1, true, 2.446f);
        Routing routing = route(config, logits(0.25, 0.1, 0.1, 0.75), NO_BIAS);

        assertArrayEquals(new float[] {0.75f * 2.446f, 0.25f * 2.446f}, routing.weights(), 1e-5f);
    }

    @Test
    void without_normalisation_the_scores_are_only_scaled() {
        TextConfig config = SmallExperts.config(4, 2, 1, 1, false, 2);
        Routing routing = route(config, logits(0.25, 0.1, 0.1, 0.5), NO_BIAS);

        assertArrayEquals(new float[] {1, 0.5f}, routing.weights(), 1e-5f);
    }

    @Test
    void scores_that_vanish_give_weights_of_0_and_not_of_0_divided_by_0() {
        float[] logits = {-1000, -1000, -1000, -1000};
        Routing routing = route(SmallExperts.config(4, 2), logits, NO_BIAS);

        assertArrayEquals(new float[] {0, 0}, routing.weights());
    }

    @Test
    void every_token_is_routed_by_its_own_row() {
        Router router =
                new Router(
                        SmallExperts.weight(arena, 2, 1, 0, 0, 1, -1, -1),
                        new float[3],
                        plain(3, 1));
        FloatMatrix x = FloatMatrix.of(arena, 2, 3, 0, 0, 3, -3, -3);
        Routing routing = route(router, x, 3);

        assertArrayEquals(new int[] {0, 1, 2}, routing.experts());
        assertEquals(3, routing.numTokens());
        assertEquals(1, routing.numChosen());
    }

    @Test
    void the_best_group_is_the_one_whose_two_best_experts_are_best_together() {
        // Group 0 holds the best expert, group 1 the best pair; the third of a group does not
        // count.
        float[] logits = logits(0.9, 0.1, 0.1, 0.6, 0.6, 0.1);
        Routing routing = route(grouped(6, 2, 2, 1), logits, new float[6]);

        assertArrayEquals(new int[] {3, 4}, routing.experts());
    }

    @Test
    void the_bias_counts_in_the_choice_of_groups() {
        float[] logits = logits(0.5, 0.5, 0.4, 0.4);
        float[] bias = {0, 0, 0.2f, 0.2f};
        Routing routing = route(grouped(4, 2, 2, 1), logits, bias);

        assertArrayEquals(new int[] {2, 3}, routing.experts());
    }

    @Test
    void as_many_groups_are_kept_as_the_model_says() {
        float[] logits = logits(0.9, 0.9, 0.2, 0.1, 0.3, 0.8, 0.4, 0.5);
        Routing routing = route(grouped(8, 4, 4, 2), logits, new float[8]);

        assertArrayEquals(new int[] {0, 1, 5, 4}, routing.experts());
    }

    @Test
    void an_expert_of_a_lost_group_counts_as_0_and_so_comes_before_one_that_is_negative() {
        // As the released modelling code has it: lost experts are set to 0, not to minus infinity.
        float[] logits = logits(0.9, 0.1, 0.3, 0.3);
        float[] bias = {0, -0.2f, 0, 0};
        Routing routing = route(grouped(4, 2, 2, 1), logits, bias); // 0.9, -0.1 | 0.3, 0.3

        assertArrayEquals(new int[] {0, 2}, routing.experts());
        assertEquals(0.3f, routing.weights()[1], 1e-6f);
    }

    @Test
    void a_group_of_one_expert_is_as_good_as_that_expert() {
        float[] logits = logits(0.1, 0.2, 0.4, 0.3);
        Routing routing = route(grouped(4, 2, 4, 2), logits, NO_BIAS);

        assertArrayEquals(new int[] {2, 3}, routing.experts());
    }

    @Test
    void a_gate_that_is_no_number_still_names_different_experts() {
        for (TextConfig config : new TextConfig[] {plain(4, 3), grouped(4, 3, 2, 1)}) {
            float[] logits = {Float.NaN, Float.NaN, Float.NaN, Float.NaN};
            int[] experts = route(config, logits, NO_BIAS).experts();

            assertEquals(3, Arrays.stream(experts).distinct().count());
        }
    }

    @Test
    void experts_with_a_score_come_before_experts_without_one() {
        float[] logits = logits(0.5, 0.5, 0.125, 0.75);
        logits[0] = Float.NaN;
        logits[1] = Float.NaN;
        Routing routing = route(plain(4, 3), logits, NO_BIAS);

        assertArrayEquals(new int[] {3, 2}, Arrays.copyOf(routing.experts(), 2));
        assertTrue(Float.isNaN(routing.weights()[2]));
    }

    @Test
    void a_gate_or_bias_of_another_size_is_refused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new Router(SmallExperts.weight(arena, 1, 1, 1, 1), NO_BIAS, plain(4, 1)));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        new Router(
                                SmallExperts.weight(arena, 1, 1, 1, 1, 1),
                                new float[3],
                                plain(4, 1)));
    }

    private Routing route(Router router, FloatMatrix x, int numExperts) {
        try (ThreadTeam team = new ThreadTeam(1);
                Workspace workspace = new Workspace();
                Workspace.Frame frame = workspace.frame()) {
            FloatMatrix scores = FloatMatrix.allocate(arena, x.numRows(), numExperts);
            return router.route(new LayerInput(x, team, frame), scores, team);
        }
    }

    private Routing route(TextConfig config, float[] logits, float[] bias) {
        Router router = new Router(SmallExperts.weight(arena, 1, logits), bias, config);
        FloatMatrix x = FloatMatrix.of(arena, 1, 1);
        return route(router, x, logits.length);
    }

    /// One group, weights as the scores are.
    private static TextConfig plain(int numExperts, int numChosen) {
        return SmallExperts.config(numExperts, numChosen, 1, 1, false, 1);
    }

    private static TextConfig grouped(
            int numExperts, int numChosen, int numGroups, int numChosenGroups) {
        return SmallExperts.config(numExperts, numChosen, numGroups, numChosenGroups, false, 1);
    }

    /// Logits whose sigmoids are these scores.
    private static float[] logits(double... scores) {
        float[] logits = new float[scores.length];
        for (int i = 0; i < scores.length; i++) {
            logits[i] = (float) Math.log(scores[i] / (1 - scores[i]));
        }
        return logits;
    }
}
