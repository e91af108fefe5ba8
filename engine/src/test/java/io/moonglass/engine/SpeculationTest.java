package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpeculationTest {

    private final Speculation speculation = new Speculation();

    @Test
    void nothing_is_guessed_before_a_step_was_measured() {
        assertEquals(0, speculation.mostDrafted(1, List.of(sure()), false));
    }

    @Test
    void what_was_never_measured_is_tried() {
        speculation.measured(1, 0.036);

        assertTrue(speculation.mostDrafted(1, List.of(sure()), false) > 0);
    }

    @Test
    void good_guesses_are_left_out_if_rows_take_too_long() {
        for (int rows = 1; rows <= 9; rows++) {
            speculation.measured(rows, 0.036 * rows);
        }
        assertEquals(0, speculation.mostDrafted(1, List.of(sure()), false));
    }

    @Test
    void bad_guesses_are_left_out_if_rows_cost_anything() {
        for (int rows = 1; rows <= 9; rows++) {
            speculation.measured(rows, 0.036 + 0.004 * rows);
        }
        assertEquals(8, speculation.mostDrafted(1, List.of(sure()), false));
        assertEquals(0, speculation.mostDrafted(1, List.of(hopeless()), false));
    }

    @Test
    void as_many_as_give_the_most_tokens_a_second() {
        speculation.measured(1, 0.03);
        speculation.measured(3, 0.04);
        speculation.measured(4, 0.2);
        speculation.measured(9, 0.2);

        assertEquals(2, speculation.mostDrafted(1, List.of(sure()), false));
    }

    @Test
    void between_two_measurements_time_is_taken_to_grow_evenly() {
        speculation.measured(1, 1);
        speculation.measured(9, 9);

        assertEquals(0, speculation.mostDrafted(1, List.of(sure()), false));
    }

    @Test
    void beside_prompts_a_row_costs_little_and_only_the_chance_counts() {
        assertEquals(8, speculation.mostDrafted(1, List.of(sure()), true));
        assertEquals(0, speculation.mostDrafted(1, List.of(hopeless()), true));
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
    void expected_are_fewer_than_were_guessed_and_more_the_likelier_they_are() {
        DraftRecord record = new DraftRecord();
        double p = record.probability();

        assertEquals(p + p * p + p * p * p, record.expected(3), 1e-12);
        assertEquals(0, record.expected(0));
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
