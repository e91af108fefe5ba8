package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplingParametersTest {

    @ParameterizedTest
    @CsvSource({
        "temperature, -0.001, a number from 0 to 2",
        "temperature, 2.001, a number from 0 to 2",
        "top_p, 0, a number above 0 and at most 1",
        "top_p, -0.5, a number above 0 and at most 1",
        "top_p, 1.001, a number above 0 and at most 1",
        "top_k, -1, a number from 0 to 2147483647",
        "min_p, -0.001, a number from 0 to 1",
        "min_p, 1.001, a number from 0 to 1",
        "repetition_penalty, 0, a number from 0.01 to 10",
        "repetition_penalty, -1, a number from 0.01 to 10",
        "repetition_penalty, 10.001, a number from 0.01 to 10",
        "presence_penalty, -2.001, a number from -2 to 2",
        "presence_penalty, 2.001, a number from -2 to 2",
        "frequency_penalty, -2.001, a number from -2 to 2",
        "frequency_penalty, 2.001, a number from -2 to 2"
    })
    void a_value_out_of_range_is_refused_with_its_name_itself_and_the_range(
            String field, String value, String wanted) {
        InvalidRequestException fault =
                assertThrows(
                        InvalidRequestException.class, () -> with(field, Double.valueOf(value)));

        assertEquals(InvalidRequestException.Kind.INVALID_VALUE, fault.kind());
        assertEquals(field, fault.param());
        assertEquals("%s is %s; want %s".formatted(field, value, wanted), fault.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "temperature",
        "top_p",
        "min_p",
        "repetition_penalty",
        "presence_penalty",
        "frequency_penalty"
    })
    void what_is_no_number_or_infinite_is_refused(String field) {
        for (double value :
                new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            InvalidRequestException fault =
                    assertThrows(InvalidRequestException.class, () -> with(field, value));

            assertEquals(field, fault.param());
            assertTrue(fault.getMessage().startsWith("%s is %s;".formatted(field, value)));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "temperature, 0, 2",
        "top_p, 4.9E-324, 1",
        "top_k, 0, 2147483647",
        "min_p, 0, 1",
        "repetition_penalty, 0.01, 10",
        "presence_penalty, -2, 2",
        "frequency_penalty, -2, 2"
    })
    void the_ends_of_a_range_belong_to_it(String field, double least, double most) {
        assertEquals(least, value(field, with(field, least)));
        assertEquals(most, value(field, with(field, most)));
    }

    @Test
    void each_with_method_changes_its_value_and_no_other() {
        SamplingParameters all = new SamplingParameters(0.5, 0.25, 3, 0.125, 1.5, -1, 2, 99);

        assertEquals(
                all,
                SamplingParameters.GREEDY
                        .withTemperature(0.5)
                        .withTopP(0.25)
                        .withTopK(3)
                        .withMinP(0.125)
                        .withRepetitionPenalty(1.5)
                        .withPresencePenalty(-1)
                        .withFrequencyPenalty(2)
                        .withSeed(99));
        assertEquals(
                all,
                all.withSeed(99)
                        .withFrequencyPenalty(2)
                        .withPresencePenalty(-1)
                        .withRepetitionPenalty(1.5)
                        .withMinP(0.125)
                        .withTopK(3)
                        .withTopP(0.25)
                        .withTemperature(0.5));
    }

    private static SamplingParameters with(String field, double value) {
        SamplingParameters greedy = SamplingParameters.GREEDY;
        return switch (field) {
            case "temperature" -> greedy.withTemperature(value);
            case "top_p" -> greedy.withTopP(value);
            case "top_k" -> greedy.withTopK((int) value);
            case "min_p" -> greedy.withMinP(value);
            case "repetition_penalty" -> greedy.withRepetitionPenalty(value);
            case "presence_penalty" -> greedy.withPresencePenalty(value);
            case "frequency_penalty" -> greedy.withFrequencyPenalty(value);
            default -> throw new IllegalArgumentException(field);
        };
    }

    private static double value(String field, SamplingParameters parameters) {
        return switch (field) {
            case "temperature" -> parameters.temperature();
            case "top_p" -> parameters.topP();
            case "top_k" -> parameters.topK();
            case "min_p" -> parameters.minP();
            case "repetition_penalty" -> parameters.repetitionPenalty();
            case "presence_penalty" -> parameters.presencePenalty();
            case "frequency_penalty" -> parameters.frequencyPenalty();
            default -> throw new IllegalArgumentException(field);
        };
    }
}
