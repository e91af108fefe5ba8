package io.moonglass.engine;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Map;
import java.util.function.Consumer;

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
/// @param logitBias         added to the logits of these tokens, after the penalties; in [-100, 100], of at
///                          most [#MOST_BIASED] tokens. The engine refuses ids that the model does not have
/// @param minTokens         stop tokens get no chance before so many tokens were chosen, unless the
///                          answer's [TokenMask] allows nothing else
/// @param seed              of the random draws; the same seed gives the same answer
public record SamplingParameters(
        double temperature,
        double topP,
        int topK,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        Map<Integer, Float> logitBias,
        int minTokens,
        long seed) {

    /// Tokens that may have a bias.
    public static final int MOST_BIASED = 1024;

    public static final SamplingParameters GREEDY =
            new SamplingParameters(0, 1, 0, 0, 1, 0, 0, Map.of(), 0, 0);

    private static final int MOST_BIAS = 100;

    public SamplingParameters {
        inRange("temperature", temperature, 0, 2);
        inRange("top_p", topP, Double.MIN_VALUE, 1);
        inRange("top_k", topK, 0, Integer.MAX_VALUE);
        inRange("min_p", minP, 0, 1);
        inRange("repetition_penalty", repetitionPenalty, 0.01, 10);
        inRange("presence_penalty", presencePenalty, -2, 2);
        inRange("frequency_penalty", frequencyPenalty, -2, 2);
        inRange("min_tokens", minTokens, 0, Integer.MAX_VALUE);
        if (logitBias.size() > MOST_BIASED) {
            throw InvalidRequestException.invalidValue(
                    "logit_bias",
                    "logit_bias has %,d tokens, the limit is %,d; send fewer"
                            .formatted(logitBias.size(), MOST_BIASED));
        }
        logitBias.forEach((tokenId, bias) -> {
            if (!(Math.abs(bias) <= MOST_BIAS)) {
                throw InvalidRequestException.invalidValue(
                        "logit_bias",
                        "logit_bias of token %d is %s; want a number from -%d to %d"
                                .formatted(tokenId, bias, MOST_BIAS, MOST_BIAS));
            }
        });
        logitBias = Map.copyOf(logitBias);
    }

    public SamplingParameters withTemperature(double value) {
        return with(changed -> changed.temperature = value);
    }

    public SamplingParameters withTopP(double value) {
        return with(changed -> changed.topP = value);
    }

    public SamplingParameters withTopK(int value) {
        return with(changed -> changed.topK = value);
    }

    public SamplingParameters withMinP(double value) {
        return with(changed -> changed.minP = value);
    }

    public SamplingParameters withRepetitionPenalty(double value) {
        return with(changed -> changed.repetitionPenalty = value);
    }

    public SamplingParameters withPresencePenalty(double value) {
        return with(changed -> changed.presencePenalty = value);
    }

    public SamplingParameters withFrequencyPenalty(double value) {
        return with(changed -> changed.frequencyPenalty = value);
    }

    public SamplingParameters withLogitBias(Map<Integer, Float> value) {
        return with(changed -> changed.logitBias = value);
    }

    public SamplingParameters withMinTokens(int value) {
        return with(changed -> changed.minTokens = value);
    }

    public SamplingParameters withSeed(long value) {
        return with(changed -> changed.seed = value);
    }

    private SamplingParameters with(Consumer<Changed> change) {
        Changed changed = new Changed();
        change.accept(changed);
        return changed.parameters();
    }

    /// These parameters while one of them is changed.
    private final class Changed {
        private double temperature = SamplingParameters.this.temperature;
        private double topP = SamplingParameters.this.topP;
        private int topK = SamplingParameters.this.topK;
        private double minP = SamplingParameters.this.minP;
        private double repetitionPenalty = SamplingParameters.this.repetitionPenalty;
        private double presencePenalty = SamplingParameters.this.presencePenalty;
        private double frequencyPenalty = SamplingParameters.this.frequencyPenalty;
        private Map<Integer, Float> logitBias = SamplingParameters.this.logitBias;
        private int minTokens = SamplingParameters.this.minTokens;
        private long seed = SamplingParameters.this.seed;

        SamplingParameters parameters() {
            return new SamplingParameters(
                    temperature,
                    topP,
                    topK,
                    minP,
                    repetitionPenalty,
                    presencePenalty,
                    frequencyPenalty,
                    logitBias,
                    minTokens,
                    seed);
        }
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
