package io.moonglass.engine;

import io.moonglass.tensor.Kernels;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// Chooses a sequence's next token: penalties, temperature, then `min_p`, `top_k` and `top_p` in
/// that order, each on what the one before left, then one draw. Probabilities are floats, their sums
/// doubles in a fixed order: the same logits and seed give the same token.
///
/// Sources: Keskar et al. 2019 (CTRL, repetition penalty); Holtzman et al. 2020 (nucleus sampling);
/// Nguyen et al. 2024 (min-p).
final class Sampler {

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

    /// Probabilities are kept relative to the most likely token's, which is 1, in place of the logits.
    private int draw(float[] relative, float largest) {
        double factor = Math.min(1 / parameters.temperature(), Float.MAX_VALUE);
        Kernels.exponentials(relative, largest, (float) factor);
        if (parameters.minP() > 0) {
            for (int i = 0; i < relative.length; i++) {
                relative[i] = relative[i] >= parameters.minP() ? relative[i] : 0;
            }
        }
        keepTopK(relative);
        keepTopP(relative);
        double threshold = random.nextDouble() * sum(relative);
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

    private void keepTopK(float[] relative) {
        int k = parameters.topK();
        if (k == 0 || k >= relative.length) {
            return;
        }
        float[] sorted = relative.clone();
        Arrays.sort(sorted);
        keepFirst(relative, sorted[sorted.length - k], k);
    }

    /// The fewest most likely tokens whose probabilities reach `top_p`. A token below
    /// `(1 - top_p) / vocabSize` cannot be among them, so only the others are sorted.
    private void keepTopP(float[] relative) {
        if (parameters.topP() >= 1) {
            return;
        }
        double total = sum(relative);
        double cannotBe = (1 - parameters.topP()) * total / relative.length;
        float[] candidates = new float[relative.length];
        int numCandidates = 0;
        for (float p : relative) {
            if (p >= cannotBe) {
                candidates[numCandidates++] = p;
            }
        }
        Arrays.sort(candidates, 0, numCandidates);
        double reached = 0;
        int count = 0;
        while (count < numCandidates && reached < parameters.topP() * total) {
            reached += candidates[numCandidates - 1 - count];
            count++;
        }
        count = Math.max(count, 1);
        keepFirst(relative, candidates[numCandidates - count], count);
    }

    private static double sum(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }

    /// Keeps `count` values from `least` up; of those equal to it, the ones with the lowest ids.
    private static void keepFirst(float[] relative, float least, int count) {
        int numAbove = 0;
        for (float p : relative) {
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
