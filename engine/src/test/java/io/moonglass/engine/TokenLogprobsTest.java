package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenLogprobsTest {

    private static final float NEVER = Float.NEGATIVE_INFINITY;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 63, 64, 1000, 163_840})
    void as_in_double_precision_and_by_sorting(int vocabSize) {
        Random random = new Random(vocabSize);
        float[] logits = new float[vocabSize];
        for (int i = 0; i < vocabSize; i++) {
            logits[i] = Math.round(random.nextGaussian(0, 40)) / 8f; // many are equal
        }
        List<Integer> ranked = SoftmaxReference.ranked(logits);
        for (int place : new int[] {0, vocabSize / 2, vocabSize - 1}) {
            int tokenId = ranked.get(place);
            TokenLogprobs found = TokenLogprobs.of(logits.clone(), tokenId, 20);

            assertEquals(place + 1, found.rank());
            SoftmaxReference.assertFound(logits, tokenId, 20, found);
        }
    }

    @Test
    void logits_of_any_height_and_in_any_order() {
        float[] high = {3e38f, 3e38f, -3e38f};
        float[] rising = new float[5000];
        float[] falling = new float[5000];
        for (int i = 0; i < 5000; i++) {
            rising[i] = i;
            falling[i] = -i;
        }

        assertEquals(Math.log(0.5), TokenLogprobs.of(high, 1, 0).logprob(), 1e-6);
        assertArrayEquals(
                new int[] {4999, 4998, 4997}, TokenLogprobs.of(rising, 0, 3).topTokenIds());
        assertArrayEquals(new int[] {0, 1, 2}, TokenLogprobs.of(falling, 0, 3).topTokenIds());
    }

    @Test
    void a_token_alone_has_all_the_probability() {
        TokenLogprobs found = TokenLogprobs.of(new float[] {-5}, 0, 20);

        assertEquals(0, found.logprob());
        assertArrayEquals(new float[] {0}, found.topLogprobs());
    }

    @Test
    void no_likeliest_are_found_where_none_are_wanted() {
        TokenLogprobs found = TokenLogprobs.of(new float[] {1, 2}, 0, 0);

        assertEquals(0, found.topTokenIds().length);
        assertEquals(2, found.rank());
    }

    @Test
    void what_cannot_come_has_a_logarithm_of_minus_infinity_and_is_never_among_the_likeliest() {
        float[] logits = {Float.NaN, 1, NEVER, 1};

        assertEquals(NEVER, TokenLogprobs.of(logits.clone(), 2, 4).logprob());
        TokenLogprobs found = TokenLogprobs.of(logits.clone(), 0, 4);
        assertEquals(NEVER, found.logprob());
        assertEquals(3, found.rank()); // after the two that can
        assertArrayEquals(new int[] {1, 3}, found.topTokenIds());
        assertArrayEquals(
                new float[] {(float) Math.log(0.5), (float) Math.log(0.5)},
                found.topLogprobs(),
                1e-6f);
    }

    @Test
    void logits_without_a_finite_largest_one_are_an_error() {
        for (float[] logits :
                List.of(
                        new float[] {Float.NaN, Float.NaN},
                        new float[] {NEVER, NEVER},
                        new float[] {Float.POSITIVE_INFINITY, 1})) {
            assertThrows(IllegalStateException.class, () -> TokenLogprobs.of(logits, 0, 1));
        }
    }
}
