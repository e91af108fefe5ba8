package io.moonglass.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ExpertCountsTest {

    private final ExpertCounts counts = new ExpertCounts(3, 4);

    @Test
    void every_choice_of_an_expert_is_counted() {
        counts.add(routing(0, 1));
        counts.add(routing(1, 2, 1, 0));

        ExpertLoad load = counts.load();

        assertEquals(3, load.layer());
        assertArrayEquals(new long[] {2, 3, 1, 0}, load.tokens());
        assertEquals(2, load.imbalance(), "3 of 6 choices, of 4 experts");
    }

    @Test
    void nothing_is_balanced_before_the_first_token() {
        assertEquals(0, counts.load().imbalance());
    }

    @Test
    void the_imbalance_is_that_of_the_last_thousand_tokens() {
        counts.add(routing(repeated(1024, 0, 1)));
        assertEquals(2, counts.load().imbalance(), "half of the experts get all");

        counts.add(routing(repeated(512, 0, 1, 2, 3)));
        assertEquals(1, counts.load().imbalance(), "all get the same");

        counts.add(routing(0, 1));
        assertEquals(1, counts.load().imbalance(), "the next window is not whole yet");
        assertArrayEquals(new long[] {1537, 1537, 512, 512}, counts.load().tokens());
    }

    private static int[] repeated(int times, int... experts) {
        int[] all = new int[times * experts.length];
        Arrays.setAll(all, i -> experts[i % experts.length]);
        return all;
    }

    /// Of tokens that go to two experts each.
    private static Routing routing(int... experts) {
        return new Routing(experts.length / 2, 2, experts, new float[experts.length], null);
    }
}
