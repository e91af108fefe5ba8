package io.moonglass.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ForcedAnswerTest {

    private final Arena arena = Arena.ofConfined();
    private final ForcedAnswer answer = new ForcedAnswer();

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void a_forced_token_is_the_likeliest_and_the_models_own_logits_are_kept() {
        answer.begin(List.of(2));
        FloatMatrix forced = FloatMatrix.of(arena, 3, 5, 4, -6);
        FloatMatrix free = FloatMatrix.of(arena, 3, 1, 2, 3);
        answer.logits(forced);
        answer.logits(free);

        assertArrayEquals(new float[] {5, 4, Float.MAX_VALUE}, forced.toArray());
        assertArrayEquals(new float[] {1, 2, 3}, free.toArray());
        assertArrayEquals(new float[] {5, 4, -6}, answer.logits().get(0));
        assertArrayEquals(new float[] {1, 2, 3}, answer.logits().get(1));

        answer.begin(List.of());
        assertEquals(List.of(), answer.logits());
    }

    @Test
    void a_difference_is_relative_to_the_references_logits() {
        LogitDifference one = LogitDifference.of(new float[] {3, 3.5f}, new float[] {3, 4});
        LogitDifference other = LogitDifference.of(new float[] {3, 4}, new float[] {3, 4});

        assertEquals(0.1, one.relativeError(), 1e-12);
        assertEquals(Math.sqrt(0.25 / 50), one.plus(other).relativeError(), 1e-12);
        assertEquals(1, one.agreement());
        LogitDifference turned = LogitDifference.of(new float[] {4, 3}, new float[] {3, 4});
        assertEquals(0.5, other.plus(turned).agreement());
    }
}
