package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a request allows, prefers and demands.
class SamplerLimitsTest {

    private static final SamplingParameters GREEDY = SamplingParameters.GREEDY;
    private static final SamplingParameters RANDOM = GREEDY.withTemperature(1).withSeed(42);

    @ParameterizedTest
    @CsvSource({"1", "63", "64", "65", "130", "1000"})
    void greedy_takes_the_largest_logit_that_is_allowed(int vocabSize) {
        Random random = new Random(vocabSize);
        for (int round = 0; round < 200; round++) {
            float[] logits = randomLogits(vocabSize, random);
            FixedMask mask = new FixedMask(randomWords(vocabSize, random));
            int[] allowed = IntStream.range(0, vocabSize).filter(mask::allows).toArray();
            if (allowed.length > 0) {
                int best = allowed[0];
                for (int tokenId : allowed) {
                    best = logits[tokenId] > logits[best] ? tokenId : best;
                }
                assertEquals(best, sampler(GREEDY, mask, vocabSize).sample(logits));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "63", "64", "65", "130", "1000"})
    void what_is_drawn_is_what_would_be_drawn_if_other_logits_were_as_low_as_can_be(int vocabSize) {
        Random random = new Random(vocabSize);
        for (int round = 0; round < 200; round++) {
            float[] logits = randomLogits(vocabSize, random);
            FixedMask mask = new FixedMask(randomWords(vocabSize, random));
            float[] without = logits.clone();
            boolean any = false;
            for (int i = 0; i < vocabSize; i++) {
                without[i] = mask.allows(i) ? without[i] : Float.NEGATIVE_INFINITY;
                any |= mask.allows(i);
            }
            if (any) {
                SamplingParameters parameters = RANDOM.withTopP(0.9).withTopK(20).withSeed(round);
                int expected = sampler(parameters, TokenMask.ALL, vocabSize).sample(without);
                assertEquals(expected, sampler(parameters, mask, vocabSize).sample(logits));
            }
        }
    }

    @Test
    void of_equal_logits_that_are_allowed_greedy_takes_the_lowest_id() {
        assertEquals(1, sampler(GREEDY, new FixedMask(0b1010), 4).sample(new float[] {3, 3, 3, 3}));
    }

    @Test
    void ids_beyond_a_masks_last_word_may_not_come_and_bits_beyond_the_vocabulary_say_nothing() {
        float[] logits = new float[100];
        logits[80] = 5;
        FixedMask shorter = new FixedMask(-1L);
        FixedMask longer = new FixedMask(0b100, -1L << 40, -1L);

        assertEquals(0, sampler(GREEDY, shorter, 100).sample(logits.clone()));
        assertEquals(2, sampler(GREEDY, longer, 100).sample(logits.clone()));
        for (int seed = 0; seed < 200; seed++) {
            Sampler drawn = sampler(RANDOM.withSeed(seed), shorter, 100);
            assertTrue(drawn.sample(logits.clone()) < 64);
            assertEquals(2, sampler(RANDOM.withSeed(seed), longer, 100).sample(logits.clone()));
        }
    }

    @Test
    void a_mask_that_allows_nothing_is_an_error_and_is_told_nothing() {
        for (SamplingParameters parameters : List.of(GREEDY, RANDOM)) {
            for (long[] words : new long[][] {{0}, {}, {0, 0, -1}, {0b10000}}) {
                FixedMask mask = new FixedMask(words);
                Sampler sampler = sampler(parameters, mask, 4);

                assertThrows(IllegalStateException.class, () -> sampler.sample(new float[4]));
                assertEquals(List.of(), mask.told);
            }
        }
    }

    @Test
    void a_mask_is_told_every_token_once_and_in_order() {
        FixedMask mask = new FixedMask(0b1111);
        Sampler sampler = sampler(RANDOM, mask, 6);
        List<Integer> chosen = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            chosen.add(sampler.sample(new float[6]));
        }

        assertEquals(chosen, mask.told);
        assertEquals(Set.of(0, 1, 2, 3), new HashSet<>(chosen));
    }

    @Test
    void nothing_is_to_be_chosen_after_a_stop_token_or_the_end_of_a_mask() {
        Sampler stopping = new Sampler(GREEDY, TokenMask.ALL, Set.of(1), new int[0], 2);
        assertFalse(stopping.isFinished());
        stopping.sample(new float[] {1, 0});
        assertFalse(stopping.isFinished());
        stopping.sample(new float[] {0, 1});
        assertTrue(stopping.isFinished());

        CyclicMask mask = new CyclicMask(2, List.of(Set.of(0, 1)));
        Sampler masked = sampler(GREEDY, mask, TinyEngine.VOCAB_SIZE);
        masked.sample(new float[TinyEngine.VOCAB_SIZE]);
        assertFalse(masked.isFinished());
        masked.sample(new float[TinyEngine.VOCAB_SIZE]);
        assertTrue(masked.isFinished());
    }

    @Test
    void a_bias_is_added_after_the_penalties() {
        SamplingParameters parameters =
                GREEDY.withRepetitionPenalty(2).withLogitBias(Map.of(0, -3f, 2, 100f));
        Sampler sampler = new Sampler(parameters, TokenMask.ALL, Set.of(), new int[] {0}, 3);
        float[] logits = {8, 1, -98};

        assertEquals(2, sampler.sample(logits));
        assertEquals(List.of(1f, 1f, 2f), List.of(logits[0], logits[1], logits[2]));
    }

    @Test
    void a_token_of_bias_minus_100_does_not_come_in_practice_and_one_of_100_always_does() {
        float[] logits = {20, 0, 0};
        for (int seed = 0; seed < 1_000; seed++) {
            SamplingParameters seeded = RANDOM.withSeed(seed);
            Sampler banned = sampler(seeded.withLogitBias(Map.of(0, -100f)), TokenMask.ALL, 3);
            Sampler forced = sampler(seeded.withLogitBias(Map.of(2, 100f)), TokenMask.ALL, 3);

            assertNotEquals(0, banned.sample(logits.clone()));
            assertEquals(2, forced.sample(logits.clone()));
        }
    }

    @Test
    void stop_tokens_do_not_come_before_enough_others_did() {
        for (SamplingParameters parameters : List.of(GREEDY, RANDOM)) {
            Set<Integer> stops = Set.of(0, 3, 1_000_000, -1); // some are no tokens of this model
            SamplingParameters atLeast3 = parameters.withMinTokens(3);
            Sampler sampler = new Sampler(atLeast3, TokenMask.ALL, stops, new int[0], 4);
            float[] logits = {50, 1, 0, 40};
            for (int i = 0; i < 3; i++) {
                int tokenId = sampler.sample(logits.clone());
                assertTrue(tokenId == 1 || tokenId == 2, "a stop token at place " + i);
                assertFalse(sampler.isFinished());
            }
            assertEquals(0, sampler.sample(logits.clone()));
            assertTrue(sampler.isFinished());
        }
    }

    @Test
    void a_mask_that_allows_nothing_but_a_stop_token_has_its_way() {
        for (SamplingParameters parameters : List.of(GREEDY, RANDOM)) {
            SamplingParameters atLeast3 = parameters.withMinTokens(3);
            FixedMask mask = new FixedMask(0b1000);
            Sampler sampler = new Sampler(atLeast3, mask, Set.of(3), new int[0], 4);

            assertEquals(3, sampler.sample(new float[] {9, 9, 9, -9}));
        }
    }

    private static Sampler sampler(SamplingParameters parameters, TokenMask mask, int vocabSize) {
        return new Sampler(parameters, mask, Set.of(), new int[0], vocabSize);
    }

    private static float[] randomLogits(int vocabSize, Random random) {
        float[] logits = new float[vocabSize];
        for (int i = 0; i < vocabSize; i++) {
            logits[i] = (float) random.nextGaussian(0, 3);
        }
        return logits;
    }

    /// Some words of zeros, some of ones, some of both.
    private static long[] randomWords(int vocabSize, Random random) {
        long[] words = new long[(vocabSize + 63) / 64];
        for (int i = 0; i < words.length; i++) {
            words[i] =
                    switch (random.nextInt(4)) {
                        case 0 -> 0;
                        case 1 -> -1;
                        case 2 -> 1L << random.nextInt(64);
                        default -> random.nextLong();
                    };
        }
        return words;
    }

    /// Allows the same at every place.
    private static final class FixedMask implements TokenMask {
        private final long[] words;
        private final List<Integer> told = new ArrayList<>();

        FixedMask(long... words) {
            this.words = words;
        }

        boolean allows(int tokenId) {
            return (words[tokenId / 64] >>> tokenId & 1) == 1;
        }

        @Override
        public long[] allowed() {
            return words;
        }

        @Override
        public void accept(int tokenId) {
            told.add(tokenId);
        }

        @Override
        public boolean isFinished() {
            return false;
        }
    }
}
