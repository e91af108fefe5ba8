package io.moonglass.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ExpertGroupsTest {

    @Test
    void pairs_are_grouped_by_expert_and_stay_in_token_order_within_one() {
        // Three tokens with two experts each; expert 1 is nobody's, and so is the last.
        Routing routing = routing(3, 2, 2, 0, 0, 3, 3, 2);
        ExpertGroups groups = ExpertGroups.of(routing, 5);

        assertArrayEquals(new int[] {1, 2, /* 2: */ 0, 5, /* 3: */ 3, 4}, groups.pairs());
        assertArrayEquals(new int[] {0, 2, 2, 4, 6, 6}, groups.firstPair());
    }

    @Test
    void an_expert_has_as_many_pairs_as_tokens_that_chose_it() {
        ExpertGroups groups = ExpertGroups.of(routing(4, 1, 2, 2, 0, 2), 3);

        assertEquals(1, groups.numPairs(0));
        assertEquals(0, groups.numPairs(1));
        assertEquals(3, groups.numPairs(2));
    }

    private static Routing routing(int numTokens, int numChosen, int... experts) {
        return new Routing(numTokens, numChosen, experts, new float[experts.length], null);
    }
}
