package io.moonglass.engine;

import io.moonglass.tensor.Kernels;
import java.util.Arrays;

/// How likely the model found a token, and what it found likeliest in its place: natural logarithms of
/// probabilities of its own logits, before penalties, biases, masks and temperature.
///
/// @param logprob     of the token; negative infinity if it could not come at all
/// @param rank        of the token among all, 1 for the likeliest; of equals the lowest id comes first
/// @param topTokenIds the likeliest tokens in order of rank, as many as were asked for
/// @param topLogprobs theirs
public record TokenLogprobs(float logprob, int rank, int[] topTokenIds, float[] topLogprobs) {

    private static final int[] NO_IDS = {};

    /// Exponentials are floats, their sum is a double in a fixed order: the same logits give the same bits.
    ///
    /// @param logits `[vocabSize]`; changed here
    /// @param numTop likeliest tokens that are wanted
    /// @throws IllegalStateException if the logits hold no usable number
    static TokenLogprobs of(float[] logits, int tokenId, int numTop) {
        float largest = largest(logits);
        if (!Float.isFinite(largest)) {
            throw new IllegalStateException(
                    "the largest logit is %s: weights or arithmetic are damaged"
                            .formatted(largest));
        }
        float logit = Float.isNaN(logits[tokenId]) ? Float.NEGATIVE_INFINITY : logits[tokenId];
        int rank = rank(logits, tokenId, logit);
        int[] topTokenIds = likeliest(logits, numTop);
        float[] topLogprobs = new float[topTokenIds.length];
        for (int i = 0; i < topLogprobs.length; i++) {
            topLogprobs[i] = logits[topTokenIds[i]];
        }
        Kernels.exponentials(logits, largest, 1);
        double logOfSum = Math.log(sum(logits));
        for (int i = 0; i < topLogprobs.length; i++) {
            topLogprobs[i] = logprob(topLogprobs[i], largest, logOfSum);
        }
        return new TokenLogprobs(logprob(logit, largest, logOfSum), rank, topTokenIds, topLogprobs);
    }

    /// The difference first: of high logits it is exact, and the logarithm is not lost beside them.
    private static float logprob(float logit, float largest, double logOfSum) {
        return (float) (((double) logit - largest) - logOfSum);
    }

    private static float largest(float[] logits) {
        float largest = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = logit > largest ? logit : largest; // what is no number is never larger
        }
        return largest;
    }

    private static int rank(float[] logits, int tokenId, float logit) {
        int numBefore = 0;
        for (int i = 0; i < tokenId; i++) {
            numBefore += logits[i] >= logit ? 1 : 0;
        }
        for (int i = tokenId + 1; i < logits.length; i++) {
            numBefore += logits[i] > logit ? 1 : 0;
        }
        return numBefore + 1;
    }

    /// Keeps those found so far in order: hardly any token of a large vocabulary comes among them.
    private static int[] likeliest(float[] logits, int count) {
        if (count == 0) {
            return NO_IDS;
        }
        int[] found = new int[count];
        int numFound = 0;
        float least = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < logits.length; i++) {
            float logit = logits[i];
            if (logit > least) {
                numFound = Math.min(numFound + 1, count);
                int at = numFound - 1;
                for (; at > 0 && logits[found[at - 1]] < logit; at--) {
                    found[at] = found[at - 1];
                }
                found[at] = i;
                least = numFound < count ? least : logits[found[count - 1]];
            }
        }
        return Arrays.copyOf(found, numFound);
    }

    /// Four sums at a time, which do not wait for each other.
    private static double sum(float[] values) {
        double first = 0;
        double second = 0;
        double third = 0;
        double fourth = 0;
        int i = 0;
        for (; i + 4 <= values.length; i += 4) {
            first += values[i];
            second += values[i + 1];
            third += values[i + 2];
            fourth += values[i + 3];
        }
        for (; i < values.length; i++) {
            first += values[i];
        }
        return (first + second) + (third + fourth);
    }
}
