package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class StepClockTest {

    private final StepClock clock = new StepClock(Duration.ofSeconds(1));

    @Test
    void what_was_not_measured_is_not_held_back() {
        assertEquals(512, clock.promptTokens(3, 1, 512));
        assertEquals(0, clock.promptTokensPerSecond());
    }

    @Test
    void a_step_has_as_many_tokens_as_its_time_allows_in_whole_blocks() {
        measureLine(0.25, 0.008);

        assertEquals(64, clock.promptTokens(0, 1, 512)); // 93 rows
        assertEquals(16, clock.promptTokens(0, 2, 512)); // 31 rows
        assertEquals(64, clock.promptTokens(29, 1, 512));
        assertEquals(32, clock.promptTokens(31, 1, 512));
        assertEquals(50, clock.promptTokens(0, 1, 50));
    }

    @Test
    void prompts_go_on_even_if_decoding_takes_all_the_time() {
        measureLine(0.9, 0.1);

        assertEquals(16, clock.promptTokens(40, 1, 512));
        assertEquals(3, clock.promptTokens(40, 1, 3));
    }

    @Test
    void small_steps_do_not_make_it_believe_that_large_ones_take_as_long_a_row() {
        for (int i = 0; i < 30; i++) {
            int rows = Math.max(1, clock.promptTokens(4, 1, 512));
            clock.measured(4 + rows, rows, 0.25 + 0.008 * (4 + rows));
        }
        assertEquals(64, clock.promptTokens(4, 1, 512));
    }

    @Test
    void it_follows_when_contexts_grow() {
        measureLine(0.25, 0.008);
        measureLine(0.25, 0.02);

        assertEquals(32, clock.promptTokens(0, 1, 512)); // 37 rows
    }

    @Test
    void the_rate_of_prompts_is_that_of_whole_steps() {
        for (int i = 0; i < 30; i++) {
            clock.measured(58, 50, 1);
            clock.measured(8, 0, 0.1);
        }
        assertEquals(50, clock.promptTokensPerSecond(), 1e-9);
    }

    @Test
    void a_step_that_fails_to_tell_changes_nothing_for_the_worse() {
        measureLine(0.25, 0.008);
        for (int i = 0; i < 100; i++) {
            clock.measured(8, 0, 0.314);
        }
        assertTrue(clock.promptTokens(8, 1, 512) >= 64);
    }

    @Test
    void a_token_whose_logits_are_wanted_counts_for_as_many_rows_as_it_takes_the_time_of() {
        assertEquals(1, clock.rowsPerToken(true));
        measureLine(0.25, 0.008);
        assertEquals(1, clock.rowsPerToken(true));
        for (int i = 0; i < 30; i++) {
            clock.scored(64, 64 * 0.004);
        }

        assertEquals(1.5, clock.rowsPerToken(true), 0.01);
        assertEquals(1, clock.rowsPerToken(false));
        assertEquals(64, clock.promptTokens(0, 1, 512), "others' steps are as they were");
    }

    private void measureLine(double seconds, double secondsPerRow) {
        for (int i = 0; i < 100; i++) {
            int rows = i % 2 == 0 ? 8 : 80;
            clock.measured(rows, rows - 8, seconds + secondsPerRow * rows);
        }
    }
}
