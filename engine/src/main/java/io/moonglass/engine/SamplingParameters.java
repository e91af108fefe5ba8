package io.moonglass.engine;

import io.moonglass.loader.fault.InvalidRequestException;

/// How the next token is chosen from the logits. Checked on construction; [#GREEDY] is the neutral
/// setting, and the `with` methods change one value of it.
///
/// @param temperature       divides the logits; 0 takes the largest logit (greedy); at most 2
/// @param topP              nucleus: the fewest most likely tokens whose probabilities reach this; in (0, 1]
/// @param topK              at most this many most likely tokens; 0 for all
/// @param minP              only tokens at least this times as likely as the most likely one; in [0, 1]
/// @param repetitionPenalty divides positive and multiplies negative logits of tokens seen in prompt
///                          or answer (Keskar et al. 2019, CTRL); 1 for none; in [0.01, 10], so that no
///                          logit grows beyond a float
/// @param presencePenalty   taken off the logit of every token already in the answer; in [-2, 2]
/// @param frequencyPenalty  taken off once per occurrence in the answer; in [-2, 2]
/// @param seed              of the random draws; the same seed gives the same answer
public record SamplingParameters(
        double temperature,
        double topP,
        int topK,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        long seed) {

    public static final SamplingParameters GREEDY = new SamplingParameters(0, 1, 0, 0, 1, 0, 0, 0);

    public SamplingParameters {
        inRange("temperature", temperature, 0, 2);
        inRange("top_p", topP, Double.MIN_VALUE, 1);
        inRange("top_k", topK, 0, Integer.MAX_VALUE);
        inRange("min_p", minP, 0, 1);
        inRange("repetition_penalty", repetitionPenalty, 0.01, 10);
        inRange("presence_penalty", presencePenalty, -2, 2);
        inRange("frequency_penalty", frequencyPenalty, -2, 2);
    }

    public SamplingParameters withTemperature(double value) {
        return new SamplingParameters(
                value,
                topP,
                topK,
                minP,
                repetitionPenalty,
                presencePenalty,
                frequencyPenalty,
                seed);
    }

    public SamplingParameters withTopP(double value) {
        return new SamplingParameters(
                temperature,
                value,
                topK,
                minP,
                repetitionPenalty,
                presencePenalty,
                frequencyPenalty,
                seed);
    }

    public SamplingParameters withTopK(int value) {
        return new SamplingParameters(
                temperature,
                topP,
                value,
                minP,
                repetitionPenalty,
                presencePenalty,
                frequencyPenalty,
                seed);
    }

    public SamplingParameters withMinP(double value) {
        return new SamplingParameters(
                temperature,
                topP,
                topK,
                value,
                repetitionPenalty,
                presencePenalty,
                frequencyPenalty,
                seed);
    }

    public SamplingParameters withRepetitionPenalty(double value) {
        return new SamplingParameters(
                temperature, topP, topK, minP, value, presencePenalty, frequencyPenalty, seed);
    }

    public SamplingParameters withPresencePenalty(double value) {
        return new SamplingParameters(
                temperature, topP, topK, minP, repetitionPenalty, value, frequencyPenalty, seed);
    }

    public SamplingParameters withFrequencyPenalty(double value) {
        return new SamplingParameters(
                temperature, topP, topK, minP, repetitionPenalty, presencePenalty, value, seed);
    }

    public SamplingParameters withSeed(long value) {
        return new SamplingParameters(
                temperature,
                topP,
                topK,
                minP,
                repetitionPenalty,
                presencePenalty,
                frequencyPenalty,
                value);
    }

    private static void inRange(String field, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            String wanted =
                    least == Double.MIN_VALUE
                            ? "a number above 0 and at most " + plain(most)
                            : "a number from %s to %s".formatted(plain(least), plain(most));
            throw InvalidRequestException.invalidValue(
                    field, "%s is %s; want %s".formatted(field, plain(value), wanted));
        }
    }

    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
