package io.moonglass.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// Chooses a sequence's next token: penalties, temperature, then `min_p`, `top_k` and `top_p` in
/// that order, each on what the one before left, then one draw. Everything is in double precision
/// and in a fixed order: the same logits and seed give the same token.
///
/// Sources: Keskar et al. 2019 (CTRL, repetition penalty); Holtzman et al. 2020 (nucleus sampling);
/// Nguyen et al. 2024 (min-p).
final class Sampler {

    /// Below it all tokens of any vocabulary together are less than a double's rounding.
    private static final double LEAST_EXPONENT = -60;

    private final SamplingParameters parameters;
    private final SplittableRandom random;
    private final boolean[] seen;
    private final Map<Integer, Integer> timesGenerated = new HashMap<>();

    Sampler(SamplingParameters parameters, int[] promptTokenIds, int vocabSize) {
        this.parameters = parameters;
        this.random = new SplittableRandom(parameters.seed());
        this.seen = new boolean[parameters.repetitionPenalty() == 1 ? 0 : vocabSize];
        if (seen.length > 0) {
            for (int tokenId : promptTokenIds) {
                seen[tokenId] = true;
            }
        }
    }

    /// @param logits `[vocabSize]`; changed here
    /// @throws IllegalStateException if the logits hold no usable number
    int sample(float[] logits) {
        applyPenalties(logits);
        int largest = largest(logits);
        int tokenId = parameters.temperature() == 0 ? largest : draw(logits, logits[largest]);
        timesGenerated.merge(tokenId, 1, Integer::sum);
        if (seen.length > 0) {
            seen[tokenId] = true;
        }
        return tokenId;
    }

    private void applyPenalties(float[] logits) {
        double penalty = parameters.repetitionPenalty();
        for (int tokenId = 0; tokenId < seen.length; tokenId++) {
            if (seen[tokenId]) {
                float logit = logits[tokenId];
                logits[tokenId] = (float) (logit > 0 ? logit / penalty : logit * penalty);
            }
        }
        if (parameters.presencePenalty() != 0 || parameters.frequencyPenalty() != 0) {
            timesGenerated.forEach((tokenId, times) ->
                    logits[tokenId] -=
                            (float)
                                    (parameters.presencePenalty()
                                            + parameters.frequencyPenalty() * times));
        }
    }

    private static int largest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best] || Float.isNaN(logits[best])) {
                best = i;
            }
        }
        if (!Float.isFinite(logits[best])) {
            throw new IllegalStateException(
                    "the largest logit is %s: weights or arithmetic are damaged"
                            .formatted(logits[best]));
        }
        return best;
    }

    /// Probabilities are kept relative to the most likely token's, which is 1.
    private int draw(float[] logits, float largest) {
        double[] relative = new double[logits.length];
        for (int i = 0; i < logits.length; i++) {
            double exponent = (logits[i] - (double) largest) / parameters.temperature();
            if (exponent > LEAST_EXPONENT) { // a logit that is no number counts as 0
                double p = Math.exp(exponent);
                relative[i] = p >= parameters.minP() ? p : 0;
            }
        }
        keepTopK(relative);
        keepTopP(relative);
        double threshold = random.nextDouble() * Arrays.stream(relative).sum();
        int last = 0;
        for (int i = 0; i < relative.length; i++) {
            if (relative[i] > 0) {
                last = i;
                threshold -= relative[i];
                if (threshold < 0) {
                    break;
                }
            }
        }
        return last;
    }

    private void keepTopK(double[] relative) {
        int k = parameters.topK();
        if (k == 0 || k >= relative.length) {
            return;
        }
        double[] sorted = relative.clone();
        Arrays.sort(sorted);
        keepFirst(relative, sorted[sorted.length - k], k);
    }

    /// The fewest most likely tokens whose probabilities reach `top_p`. A token below
    /// `(1 - top_p) / vocabSize` cannot be among them, so only the others are sorted.
    private void keepTopP(double[] relative) {
        if (parameters.topP() >= 1) {
            return;
        }
        double total = Arrays.stream(relative).sum();
        double cannotBe = (1 - parameters.topP()) * total / relative.length;
        double[] sorted = Arrays.stream(relative).filter(p -> p >= cannotBe).sorted().toArray();
        double reached = 0;
        int count = 0;
        while (count < sorted.length && reached < parameters.topP() * total) {
            reached += sorted[sorted.length - 1 - count];
            count++;
        }
        count = Math.max(count, 1);
        keepFirst(relative, sorted[sorted.length - count], count);
    }

    /// Keeps `count` values from `least` up; of those equal to it, the ones with the lowest ids.
    private static void keepFirst(double[] relative, double least, int count) {
        int numAbove = 0;
        for (double p : relative) {
            numAbove += p > least ? 1 : 0;
        }
        int numEqual = count - numAbove;
        for (int i = 0; i < relative.length; i++) {
            if (relative[i] == least && numEqual > 0) {
                numEqual--;
            } else if (relative[i] <= least) {
                relative[i] = 0;
            }
        }
    }
}
