package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpeculationTest {

    private final Speculation speculation = new Speculation();

    @Test
    void nothing_is_guessed_before_a_step_was_measured() {
        assertEquals(0, drafted(false, sure()));
    }

    @Test
    void what_was_never_measured_is_tried() {
        speculation.measured(1, 0.036);

        assertTrue(drafted(false, sure()) > 0);
    }

    @Test
    void good_guesses_are_left_out_if_rows_take_too_long() {
        for (int rows = 1; rows <= 9; rows++) {
            speculation.measured(rows, 0.036 * rows);
        }
        assertEquals(0, drafted(false, sure()));
    }

    @Test
    void bad_guesses_are_left_out_if_rows_cost_anything() {
        for (int rows = 1; rows <= 9; rows++) {
            speculation.measured(rows, 0.036 + 0.004 * rows);
        }
        assertEquals(8, drafted(false, sure()));
        assertEquals(0, drafted(false, hopeless()));
    }

    @Test
    void as_many_as_give_the_most_tokens_a_second() {
        speculation.measured(1, 0.03);
        speculation.measured(3, 0.04);
        speculation.measured(4, 0.2);
        speculation.measured(9, 0.2);

        assertEquals(2, drafted(false, sure()));
    }

    @Test
    void between_two_measurements_time_is_taken_to_grow_evenly() {
        speculation.measured(1, 1);
        speculation.measured(9, 9);

        assertEquals(0, drafted(false, sure()));
    }

    @Test
    void beside_prompts_a_row_costs_little_and_only_the_chance_counts() {
        assertEquals(8, drafted(true, sure()));
        assertEquals(0, drafted(true, hopeless()));
    }

    @Test
    void a_sequence_whose_guesses_were_wrong_is_tried_again_later() {
        DraftRecord record = new DraftRecord();
        double before = record.probability();
        for (int i = 0; i < 10; i++) {
            record.compared(4, 0);
        }
        double after = record.probability();
        assertTrue(after < before / 2);
        for (int i = 0; i < 500; i++) {
            record.passed();
        }
        assertEquals(before, record.probability(), 0.01);
    }

    @Test
    void guesses_after_a_wrong_one_say_nothing() {
        DraftRecord one = new DraftRecord();
        DraftRecord other = new DraftRecord();
        one.compared(8, 1);
        other.compared(2, 1);

        assertEquals(one.probability(), other.probability());
    }

    @Test
    void each_sequence_guesses_by_its_own_record() {
        for (int rows = 1; rows <= 20; rows++) {
            speculation.measured(rows, 0.036 + 0.004 * rows);
        }
        List<Speculation.Candidate> candidates = List.of(hopeless(), sure(), hopeless());

        assertArrayEquals(new int[] {0, 8, 0}, speculation.lengths(3, candidates, false));
        assertArrayEquals(new int[] {0, 8, 0}, speculation.lengths(3, candidates, true));
    }

    @Test
    void beside_prompts_no_more_than_eight_are_guessed() {
        int[] lengths = speculation.lengths(4, List.of(sure(), sure(), sure(), sure()), true);

        assertEquals(8, Arrays.stream(lengths).sum());
    }

    @Test
    void one_slow_step_does_not_end_all_guessing() {
        speculation.measured(1, 0.036);
        for (int rows = 2; rows <= 9; rows++) {
            speculation.measured(rows, 10);
        }
        assertEquals(0, drafted(false, sure()));
        for (int i = 0; i < 500; i++) {
            speculation.measured(1, 0.036);
        }
        assertTrue(drafted(false, sure()) > 0);
    }

    private int drafted(boolean withPrompt, Speculation.Candidate candidate) {
        return speculation.lengths(1, List.of(candidate), withPrompt)[0];
    }

    private static Speculation.Candidate sure() {
        DraftRecord record = new DraftRecord();
        for (int i = 0; i < 50; i++) {
            record.compared(8, 8);
        }
        return new Speculation.Candidate(record, 8);
    }

    private static Speculation.Candidate hopeless() {
        DraftRecord record = new DraftRecord();
        for (int i = 0; i < 50; i++) {
            record.compared(8, 0);
        }
        return new Speculation.Candidate(record, 8);
    }
}
