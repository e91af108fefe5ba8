package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SamplerTest {

    private static final SamplingParameters RANDOM =
            SamplingParameters.GREEDY.withTemperature(1).withSeed(42);
    private static final float NAN = Float.NaN;
    private static final float NEVER = Float.NEGATIVE_INFINITY;

    @Test
    void greedy_takes_the_largest_logit() {
        assertEquals(2, sampler(SamplingParameters.GREEDY, 4).sample(new float[] {1, -5, 3, 2}));
    }

    @Test
    void greedy_takes_the_lowest_id_of_equal_logits() {
        assertEquals(1, sampler(SamplingParameters.GREEDY, 4).sample(new float[] {1, 3, 3, 3}));
    }

    @Test
    void at_temperature_1_tokens_come_as_often_as_softmax_says() {
        double[] shares = shares(RANDOM, logits(0.5, 0.3, 0.2));

        assertArrayEquals(new double[] {0.5, 0.3, 0.2}, shares, 0.02);
    }

    @Test
    void the_temperature_divides_the_logits() {
        double[] hot = shares(RANDOM.withTemperature(2), logits(0.64, 0.32, 0.04));
        double[] cold = shares(RANDOM.withTemperature(0.5), logits(0.5, 0.25, 0.25));

        double sum = 0.8 + Math.sqrt(0.32) + 0.2;
        assertArrayEquals(new double[] {0.8 / sum, Math.sqrt(0.32) / sum, 0.2 / sum}, hot, 0.02);
        assertArrayEquals(new double[] {4 / 6.0, 1 / 6.0, 1 / 6.0}, cold, 0.02);
    }

    @Test
    void logits_of_any_height_are_drawn_from() {
        float[] high = {3e38f, 3e38f, 0};
        float[] low = {-3e38f, -3e38f, NEVER};

        assertArrayEquals(new double[] {0.5, 0.5, 0}, shares(RANDOM, high), 0.02);
        assertArrayEquals(new double[] {0.5, 0.5, 0}, shares(RANDOM, low), 0.02);
        assertEquals(Set.of(0, 1), support(RANDOM.withTemperature(1e-310), high));
    }

    @Test
    void top_k_leaves_the_k_most_likely_tokens_in_their_proportion() {
        double[] shares = shares(RANDOM.withTopK(2), logits(0.1, 0.4, 0.3, 0.2));

        assertArrayEquals(new double[] {0, 4 / 7.0, 3 / 7.0, 0}, shares, 0.02);
    }

    @Test
    void top_k_keeps_the_lowest_ids_of_tokens_that_are_equally_likely() {
        float[] logits = logits(0.1, 0.4, 0.1, 0.1, 0.2, 0.1);

        assertEquals(Set.of(0, 1, 2, 4), support(RANDOM.withTopK(4), logits));
    }

    @Test
    void a_top_k_beyond_the_vocabulary_or_of_0_leaves_all() {
        float[] logits = logits(0.3, 0.4, 0.3);

        assertEquals(Set.of(0, 1, 2), support(RANDOM.withTopK(0), logits));
        assertEquals(Set.of(0, 1, 2), support(RANDOM.withTopK(3), logits));
        assertEquals(Set.of(0, 1, 2), support(RANDOM.withTopK(Integer.MAX_VALUE), logits));
        assertEquals(Set.of(1), support(RANDOM.withTopK(1), logits));
    }

    @Test
    void top_p_leaves_the_fewest_most_likely_tokens_that_reach_it() {
        float[] logits = logits(0.05, 0.5, 0.15, 0.3);

        assertEquals(Set.of(1), support(RANDOM.withTopP(0.49), logits));
        assertEquals(Set.of(1, 3), support(RANDOM.withTopP(0.51), logits));
        assertEquals(Set.of(1, 3), support(RANDOM.withTopP(0.79), logits));
        assertEquals(Set.of(1, 2, 3), support(RANDOM.withTopP(0.81), logits));
        assertEquals(Set.of(0, 1, 2, 3), support(RANDOM.withTopP(0.96), logits));
        assertEquals(Set.of(0, 1, 2, 3), support(RANDOM.withTopP(1), logits));
    }

    @Test
    void top_p_that_is_reached_exactly_needs_no_further_token_and_ties_go_to_the_lowest_ids() {
        assertEquals(Set.of(0, 1), support(RANDOM.withTopP(0.5), new float[4]));
        assertEquals(Set.of(0, 1, 2), support(RANDOM.withTopP(0.75), new float[4]));
    }

    @Test
    void a_tiny_top_p_leaves_one_token() {
        assertEquals(Set.of(1), support(RANDOM.withTopP(Double.MIN_VALUE), logits(0.3, 0.4, 0.3)));
        assertEquals(Set.of(0), support(RANDOM.withTopP(1e-9), new float[5]));
    }

    @Test
    void top_p_sees_the_whole_of_a_long_tail() {
        float[] logits = new float[1001]; // one token of a half, a thousand of 0.0005
        logits[500] = (float) Math.log(1000);
        Set<Integer> support = support(RANDOM.withTopP(0.75), logits);

        assertTrue(support.contains(500));
        int last = support.stream().mapToInt(Integer::intValue).max().orElseThrow();
        assertTrue(450 < last && last <= 501, "half of the tail, the lowest ids first: " + last);
    }

    @Test
    void min_p_leaves_tokens_that_are_likely_enough_beside_the_most_likely() {
        float[] logits = logits(0.5, 0.2, 0.14, 0.16);

        assertEquals(Set.of(0, 1, 3), support(RANDOM.withMinP(0.3), logits));
        assertEquals(Set.of(0, 1), support(RANDOM.withMinP(0.35), logits));
        assertEquals(Set.of(0, 2), support(RANDOM.withMinP(1), new float[] {3, 2, 3, 1}));
    }

    @Test
    void min_p_counts_after_the_temperature() {
        float[] logits = logits(0.64, 0.36); // at temperature 2 as 0.8 to 0.6

        assertEquals(Set.of(0), support(RANDOM.withMinP(0.7), logits));
        assertEquals(Set.of(0, 1), support(RANDOM.withTemperature(2).withMinP(0.7), logits));
    }

    @Test
    void top_p_counts_on_what_min_p_and_top_k_left() {
        float[] logits = logits(0.4, 0.3, 0.2, 0.1);

        assertEquals(Set.of(0, 1), support(RANDOM.withTopP(0.5), logits));
        assertEquals(Set.of(0), support(RANDOM.withTopP(0.5).withTopK(2), logits)); // 0.4 of 0.7
        assertEquals(Set.of(0), support(RANDOM.withTopP(0.5).withMinP(0.6), logits));
    }

    @Test
    void the_repetition_penalty_divides_positive_and_multiplies_negative_logits_of_seen_tokens() {
        SamplingParameters parameters = SamplingParameters.GREEDY.withRepetitionPenalty(2);
        Sampler sampler = sampler(parameters, 5, 0, 1);
        float[] logits = {4, -1, 3, -1, 0};

        assertEquals(2, sampler.sample(logits)); // 0 and 1 are in the prompt
        assertArrayEquals(new float[] {2, -2, 3, -1, 0}, logits);
        float[] next = {4, -1, 3, -1, 0};
        assertEquals(0, sampler.sample(next)); // 2 is in the answer now
        assertArrayEquals(new float[] {2, -2, 1.5f, -1, 0}, next);
        float[] third = {4, -1, 3, -1, 0};
        sampler.sample(third); // seen twice counts once
        assertArrayEquals(new float[] {2, -2, 1.5f, -1, 0}, third);
    }

    @Test
    void a_repetition_penalty_below_1_makes_seen_tokens_more_likely() {
        Sampler sampler = sampler(SamplingParameters.GREEDY.withRepetitionPenalty(0.5), 3, 1);

        assertEquals(1, sampler.sample(new float[] {3, 2, 1}));
    }

    @Test
    void the_strongest_repetition_penalties_keep_logits_finite() {
        for (double penalty : new double[] {0.01, 10}) {
            SamplingParameters parameters = RANDOM.withRepetitionPenalty(penalty);
            float[] logits = {1e30f, -1e30f, 0};
            sampler(parameters, 3, 0, 1, 2).sample(logits);
            for (float logit : logits) {
                assertTrue(Float.isFinite(logit));
            }
        }
    }

    @Test
    void the_presence_penalty_is_taken_once_off_tokens_of_the_answer_but_not_of_the_prompt() {
        Sampler sampler = sampler(SamplingParameters.GREEDY.withPresencePenalty(1.5), 3, 1);
        float[] first = {3, 2, 1};
        sampler.sample(first);
        assertArrayEquals(new float[] {3, 2, 1}, first);
        for (int i = 0; i < 3; i++) {
            float[] logits = {9, 2, 1};
            assertEquals(0, sampler.sample(logits));
            assertArrayEquals(new float[] {7.5f, 2, 1}, logits);
        }
    }

    @Test
    void the_frequency_penalty_is_taken_off_for_every_time() {
        Sampler sampler = sampler(SamplingParameters.GREEDY.withFrequencyPenalty(0.5), 3, 0);
        for (int times = 0; times < 4; times++) {
            float[] logits = {9, 2, 1};
            assertEquals(0, sampler.sample(logits));
            assertArrayEquals(new float[] {9 - 0.5f * times, 2, 1}, logits);
        }
    }

    @Test
    void penalties_add_up_after_the_repetition_penalty() {
        SamplingParameters parameters =
                SamplingParameters.GREEDY
                        .withRepetitionPenalty(2)
                        .withPresencePenalty(-1)
                        .withFrequencyPenalty(0.25);
        Sampler sampler = sampler(parameters, 2);
        sampler.sample(new float[] {8, 0});
        float[] logits = {8, 0};
        sampler.sample(logits);

        assertArrayEquals(new float[] {8 / 2 + 1 - 0.25f, 0}, logits);
    }

    @Test
    void penalties_come_before_the_temperature() {
        int numFirst = 0;
        for (int seed = 0; seed < 10_000; seed++) {
            Sampler sampler =
                    sampler(RANDOM.withTemperature(2).withPresencePenalty(1).withSeed(seed), 2);
            sampler.sample(new float[] {1000, 0});
            numFirst += sampler.sample(new float[] {1, 0}) == 0 ? 1 : 0; // (1 - 1) / 2 against 0
        }

        assertEquals(0.5, numFirst / 10_000.0, 0.03);
    }

    @Test
    void a_seed_always_gives_the_same_tokens_and_another_one_others() {
        float[] logits = logits(0.2, 0.2, 0.2, 0.2, 0.2);

        assertEquals(draw(RANDOM, logits, 50), draw(RANDOM, logits, 50));
        assertNotEquals(draw(RANDOM, logits, 50), draw(RANDOM.withSeed(43), logits, 50));
    }

    @Test
    void tokens_without_a_usable_logit_are_never_chosen() {
        float[] logits = {NAN, 1, NEVER, 1, NAN};

        assertEquals(1, sampler(SamplingParameters.GREEDY, 5).sample(logits.clone()));
        assertEquals(Set.of(1, 3), support(RANDOM, logits));
        assertEquals(Set.of(1, 3), support(RANDOM.withTopK(4), logits));
        assertEquals(Set.of(1, 3), support(RANDOM.withTopP(0.999), logits));
        assertEquals(Set.of(1, 3), support(RANDOM.withMinP(0.5), logits));
    }

    @Test
    void logits_without_a_finite_largest_one_are_an_error() {
        for (SamplingParameters parameters : List.of(SamplingParameters.GREEDY, RANDOM)) {
            for (float[] logits :
                    List.of(
                            new float[] {NAN, NAN, NAN},
                            new float[] {NEVER, NEVER, NEVER},
                            new float[] {NAN, NEVER, NAN},
                            new float[] {1, Float.POSITIVE_INFINITY, 2})) {
                Sampler sampler = sampler(parameters, 3);

                assertThrows(IllegalStateException.class, () -> sampler.sample(logits));
            }
        }
    }

    private static Sampler sampler(
            SamplingParameters parameters, int vocabSize, int... promptTokenIds) {
        return new Sampler(parameters, TokenMask.ALL, Set.of(), promptTokenIds, vocabSize);
    }

    private static float[] logits(double... probabilities) {
        float[] logits = new float[probabilities.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) Math.log(probabilities[i]);
        }
        return logits;
    }

    private static List<Integer> draw(SamplingParameters parameters, float[] logits, int count) {
        Sampler sampler = sampler(parameters, logits.length);
        List<Integer> tokenIds = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tokenIds.add(sampler.sample(logits.clone()));
        }
        return tokenIds;
    }

    private static Set<Integer> support(SamplingParameters parameters, float[] logits) {
        return new TreeSet<>(draw(parameters, logits, 2_000));
    }

    /// How often each token came in 20,000 draws; the standard deviation is below 0.004.
    private static double[] shares(SamplingParameters parameters, float[] logits) {
        double[] shares = new double[logits.length];
        draw(parameters, logits, 20_000).forEach(tokenId -> shares[tokenId] += 1 / 20_000.0);
        return shares;
    }
}
