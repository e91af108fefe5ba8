package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PromptLookupTest {

    private static final int IMAGE = 99;

    @Test
    void what_followed_the_same_three_tokens_is_guessed() {
        assertArrayEquals(new int[] {4, 5, 6}, draft(3, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3));
    }

    @Test
    void two_common_tokens_say_too_little() {
        assertArrayEquals(new int[] {}, draft(3, 9, 2, 3, 4, 5, 6, 7, 1, 2, 3));
    }

    @Test
    void the_longest_match_counts_and_of_equal_ones_the_latest() {
        assertArrayEquals(new int[] {20}, draft(1, 7, 1, 2, 3, 20, 8, 1, 2, 3, 30, 7, 1, 2, 3));
        assertArrayEquals(new int[] {30}, draft(1, 8, 1, 2, 3, 20, 9, 1, 2, 3, 30, 7, 1, 2, 3));
    }

    @Test
    void a_match_may_overlap_the_end() {
        assertArrayEquals(new int[] {5}, draft(8, 5, 5, 5, 5));
    }

    @Test
    void guesses_end_where_the_sequence_does_and_before_an_image() {
        assertArrayEquals(new int[] {4, 1, 2, 3}, draft(8, 1, 2, 3, 4, 1, 2, 3));
        assertArrayEquals(new int[] {4}, draft(8, 1, 2, 3, 4, IMAGE, 6, 1, 2, 3));
    }

    @Test
    void what_was_generated_counts_like_the_prompt() {
        Sequence sequence = sequence(1, 2, 3);
        for (int token : new int[] {4, 1, 2, 3}) {
            sequence.append(token);
        }

        assertArrayEquals(new int[] {4, 1}, PromptLookup.draft(sequence, 2));
    }

    @Test
    void short_sequences_have_nothing_to_look_up() {
        assertArrayEquals(new int[] {}, draft(8, 1));
        assertArrayEquals(new int[] {}, draft(8, 1, 1, 1));
    }

    private static int[] draft(int most, int... tokenIds) {
        return PromptLookup.draft(sequence(tokenIds), most);
    }

    private static Sequence sequence(int... tokenIds) {
        Branch branch = new Branch(SamplingParameters.GREEDY, new RecordingSink());
        GenerationRequest request =
                new GenerationRequest(
                        tokenIds,
                        IMAGE,
                        List.of(),
                        100,
                        Set.of(),
                        RequestScope.DEFAULT,
                        List.of(branch));
        return new Sequence(request, branch, new BlockKeys(request), null, 128);
    }
}
