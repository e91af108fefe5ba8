package io.moonglass.engine;

import io.moonglass.tensor.Kernels;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/// Chooses a sequence's next token: penalties, bias, what the mask allows, temperature, then `min_p`,
/// `top_k` and `top_p` in that order, each on what the one before left, then one draw. Probabilities are
/// floats, their sums doubles in a fixed order: the same logits and seed give the same token.
///
/// Sources: Keskar et al. 2019 (CTRL, repetition penalty); Holtzman et al. 2020 (nucleus sampling);
/// Nguyen et al. 2024 (min-p).
final class Sampler {

    private static final float NEVER = Float.NEGATIVE_INFINITY;
    private static final long ALL_BITS = -1L;

    /// Values that are looked at together: their largest and their sum are found sooner than where they are.
    private static final int STRETCH = 256;

    private final SamplingParameters parameters;
    private final TokenMask mask;
    private final Set<Integer> stopTokenIds;
    private final SplittableRandom random;
    private final boolean[] seen;
    private final Map<Integer, Integer> timesGenerated = new HashMap<>();
    private int numChosen;
    private boolean stopped;

    /// @param mask is told every token that is chosen here
    Sampler(
            SamplingParameters parameters,
            TokenMask mask,
            Set<Integer> stopTokenIds,
            int[] promptTokenIds,
            int vocabSize) {
        this.parameters = parameters;
        this.mask = mask;
        this.stopTokenIds = stopTokenIds;
        this.random = new SplittableRandom(parameters.seed());
        this.seen = new boolean[parameters.repetitionPenalty() == 1 ? 0 : vocabSize];
        if (seen.length > 0) {
            for (int tokenId : promptTokenIds) {
                seen[tokenId] = true;
            }
        }
    }

    /// Whether nothing is to be chosen any more: the last one was a stop token, or the mask is finished.
    boolean isFinished() {
        return stopped || mask.isFinished();
    }

    /// @param logits `[vocabSize]`; changed here
    /// @throws IllegalStateException if the logits hold no usable number, or the mask allows nothing
    int sample(float[] logits) {
        applyPenalties(logits);
        parameters.logitBias().forEach((tokenId, bias) -> logits[tokenId] += bias);
        long[] allowed = mask.allowed();
        int largest =
                numChosen < parameters.minTokens()
                        ? largestThatGoesOn(logits, allowed)
                        : largest(logits, allowed);
        if (largest < 0) {
            throw new IllegalStateException("the mask allows no token, and is not finished");
        }
        if (!Float.isFinite(logits[largest])) {
            throw new IllegalStateException(
                    "the largest logit is %s: weights or arithmetic are damaged"
                            .formatted(logits[largest]));
        }
        int tokenId = largest;
        if (parameters.temperature() > 0) {
            forbid(logits, allowed);
            tokenId = draw(logits, logits[largest]);
        }
        chosen(tokenId);
        return tokenId;
    }

    private void chosen(int tokenId) {
        numChosen++;
        timesGenerated.merge(tokenId, 1, Integer::sum);
        if (seen.length > 0) {
            seen[tokenId] = true;
        }
        stopped = stopTokenIds.contains(tokenId);
        mask.accept(tokenId);
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

    /// Takes the stop tokens' chance away, unless the mask allows nothing else.
    private int largestThatGoesOn(float[] logits, long[] allowed) {
        Map<Integer, Float> barred = new HashMap<>();
        for (int tokenId : stopTokenIds) {
            if (tokenId >= 0
                    && tokenId < logits.length) { // models know ids beyond their vocabulary
                barred.put(tokenId, logits[tokenId]);
                logits[tokenId] = NEVER;
            }
        }
        int largest = largest(logits, allowed);
        if (largest < 0 || logits[largest] != NEVER) {
            return largest;
        }
        barred.forEach((tokenId, logit) -> logits[tokenId] = logit);
        return largest(logits, allowed);
    }

    /// @return -1 if none is allowed
    private static int largest(float[] logits, long[] allowed) {
        int best = -1;
        if (allowed == null) {
            for (int first = 0; first < logits.length; first += STRETCH) {
                int end = Math.min(first + STRETCH, logits.length);
                float most = most(logits, first, end);
                if (best < 0 || !(most <= logits[best])) { // so with what is no number, too
                    best = largest(logits, first, end, best);
                }
            }
            return best;
        }
        for (int word = 0; word < allowed.length && word * 64 < logits.length; word++) {
            int first = word * 64;
            if (allowed[word] == ALL_BITS) {
                best = largest(logits, first, Math.min(first + 64, logits.length), best);
            } else {
                for (long left = allowed[word]; left != 0; left &= left - 1) {
                    int tokenId = first + Long.numberOfTrailingZeros(left);
                    best = largest(logits, tokenId, Math.min(tokenId + 1, logits.length), best);
                }
            }
        }
        return best;
    }

    private static float most(float[] logits, int from, int to) {
        float most = logits[from];
        for (int i = from; i < to; i++) {
            most = Math.max(most, logits[i]);
        }
        return most;
    }

    /// @param best the largest of those before; -1 if there were none
    private static int largest(float[] logits, int from, int to, int best) {
        int largest = best;
        for (int i = from; i < to; i++) {
            if (largest < 0 || logits[i] > logits[largest] || Float.isNaN(logits[largest])) {
                largest = i;
            }
        }
        return largest;
    }

    private static void forbid(float[] logits, long[] allowed) {
        if (allowed == null) {
            return;
        }
        for (int first = 0; first < logits.length; first += 64) {
            long word = first / 64 < allowed.length ? allowed[first / 64] : 0;
            int end = Math.min(first + 64, logits.length);
            if (word == 0) {
                Arrays.fill(logits, first, end, NEVER);
                continue;
            }
            for (long left = ~word; left != 0; left &= left - 1) {
                int tokenId = first + Long.numberOfTrailingZeros(left);
                if (tokenId < end) {
                    logits[tokenId] = NEVER;
                }
            }
        }
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
        double[] sums = sums(relative);
        double threshold = random.nextDouble() * sum(sums);
        int lastStretch = sums.length - 1;
        while (sums[lastStretch] == 0) {
            lastStretch--;
        }
        int stretch = 0;
        while (stretch < lastStretch && threshold >= sums[stretch]) {
            threshold -= sums[stretch];
            stretch++;
        }
        int last = 0;
        for (int i = stretch * STRETCH; i < relative.length; i++) {
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
        double total = sum(sums(relative));
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

    /// Of each stretch of values.
    private static double[] sums(float[] values) {
        double[] sums = new double[(values.length + STRETCH - 1) / STRETCH];
        for (int stretch = 0; stretch < sums.length; stretch++) {
            int first = stretch * STRETCH;
            sums[stretch] = sum(values, first, Math.min(first + STRETCH, values.length));
        }
        return sums;
    }

    /// Four sums that do not wait for each other.
    private static double sum(float[] values, int from, int to) {
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int i = from;
        for (; i + 4 <= to; i += 4) {
            sum0 += values[i];
            sum1 += values[i + 1];
            sum2 += values[i + 2];
            sum3 += values[i + 3];
        }
        for (; i < to; i++) {
            sum0 += values[i];
        }
        return sum0 + sum1 + (sum2 + sum3);
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
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
