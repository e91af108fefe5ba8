package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        "frequency_penalty, 2.001, a number from -2 to 2",
        "min_tokens, -1, a number from 0 to 2147483647"
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
        Map<Integer, Float> bias = Map.of(7, -100f);
        SamplingParameters all =
                new SamplingParameters(0.5, 0.25, 3, 0.125, 1.5, -1, 2, bias, 4, 99);

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
                        .withLogitBias(bias)
                        .withMinTokens(4)
                        .withSeed(99));
        assertEquals(
                all,
                all.withSeed(99)
                        .withMinTokens(4)
                        .withLogitBias(bias)
                        .withFrequencyPenalty(2)
                        .withPresencePenalty(-1)
                        .withRepetitionPenalty(1.5)
                        .withMinP(0.125)
                        .withTopK(3)
                        .withTopP(0.25)
                        .withTemperature(0.5));
    }

    @ParameterizedTest
    @ValueSource(floats = {-100.5f, 101, Float.NaN, Float.NEGATIVE_INFINITY})
    void a_bias_out_of_range_is_refused_with_its_token(float bias) {
        InvalidRequestException fault =
                assertThrows(
                        InvalidRequestException.class,
                        () -> SamplingParameters.GREEDY.withLogitBias(Map.of(1, 100f, 50, bias)));

        assertEquals("logit_bias", fault.param());
        assertEquals(
                "logit_bias of token 50 is %s; want a number from -100 to 100".formatted(bias),
                fault.getMessage());
    }

    @Test
    void more_biased_tokens_than_anybody_needs_are_refused() {
        Map<Integer, Float> biases = new HashMap<>();
        for (int tokenId = 0; tokenId < 1024; tokenId++) {
            biases.put(tokenId, -1f);
        }
        assertEquals(biases, SamplingParameters.GREEDY.withLogitBias(biases).logitBias());
        biases.put(1024, -1f);

        InvalidRequestException fault =
                assertThrows(
                        InvalidRequestException.class,
                        () -> SamplingParameters.GREEDY.withLogitBias(biases));
        assertEquals(
                "logit_bias has 1,025 tokens, the limit is 1,024; send fewer", fault.getMessage());
    }

    @Test
    void a_bias_is_not_changed_by_who_gave_it() {
        Map<Integer, Float> biases = new HashMap<>(Map.of(3, 1f));
        SamplingParameters parameters = SamplingParameters.GREEDY.withLogitBias(biases);
        biases.put(3, 1000f);

        assertEquals(Map.of(3, 1f), parameters.logitBias());
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
            case "min_tokens" -> greedy.withMinTokens((int) value);
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
