package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class StepClockTest {

    private final StepClock clock = new StepClock(Duration.ofSeconds(1));

    @Test
    void what_was_not_measured_is_not_held_back() {
        assertEquals(512, clock.promptTokens(true, 1, 512));
        assertEquals(0, clock.promptTokensPerSecond());
    }

    @Test
    void a_step_has_as_many_tokens_as_its_time_allows_in_whole_blocks() {
        clock.measured(100, false, 1);

        assertEquals(100, clock.promptTokensPerSecond(), 1e-9);
        assertEquals(96, clock.promptTokens(false, 1, 512));
        assertEquals(32, clock.promptTokens(false, 2, 512));
        assertEquals(64, clock.promptTokens(false, 1, 64));
    }

    @Test
    void those_that_decode_take_their_part_of_it() {
        clock.measured(100, false, 1);
        clock.measured(0, true, 0.3);

        assertEquals(64, clock.promptTokens(true, 1, 512));
    }

    @Test
    void prompts_go_on_even_if_decoding_takes_all_the_time() {
        clock.measured(100, false, 1);
        clock.measured(0, true, 5);

        assertEquals(16, clock.promptTokens(true, 1, 512));
        assertEquals(3, clock.promptTokens(true, 1, 3));
    }

    @Test
    void it_follows_what_it_measures() {
        clock.measured(100, false, 1);
        for (int i = 0; i < 30; i++) {
            clock.measured(100, false, 4);
        }
        assertEquals(25, clock.promptTokensPerSecond(), 0.1);
    }

    @Test
    void the_end_of_a_prompt_says_nothing_about_the_rate() {
        clock.measured(100, false, 1);
        clock.measured(1, true, 0.5);

        assertEquals(100, clock.promptTokensPerSecond(), 1e-9);
    }

    @Test
    void decoding_beside_a_prompt_does_not_count_as_the_prompts_time() {
        clock.measured(0, true, 0.5);
        clock.measured(100, true, 1.5);

        assertTrue(clock.promptTokensPerSecond() > 99);
    }
}
