package io.moonglass.engine;

import java.util.Arrays;

/// Guesses what a sequence says next from what stood after the same words before: in the prompt, or in
/// the answer so far.
///
/// Source: Saxena 2023, "Prompt Lookup Decoding"; Yang et al. 2023, "Inference with Reference" (arXiv
/// 2304.04487).
final class PromptLookup {

    /// Fewer common tokens say too little.
    private static final int LEAST_COMMON = 3;

    /// More say nothing new.
    private static final int MOST_COMMON = 12;

    private PromptLookup() {}

    /// The tokens after the longest match of the sequence's end with an earlier part of it; of matches of
    /// one length, the latest.
    ///
    /// @param most tokens that are wanted
    static int[] draft(Sequence sequence, int most) {
        int numTokens = sequence.numTokens();
        int best = LEAST_COMMON - 1;
        int bestEnd = -1;
        for (int end = numTokens - 1; end >= LEAST_COMMON && best < MOST_COMMON; end--) {
            int common = common(sequence, end, numTokens);
            if (common > best) {
                best = common;
                bestEnd = end;
            }
        }
        return bestEnd < 0
                ? StepPlan.NO_DRAFT
                : tokens(sequence, bestEnd, Math.min(most, numTokens - bestEnd));
    }

    /// How many tokens before `end` are the same as the last ones.
    private static int common(Sequence sequence, int end, int numTokens) {
        int count = 0;
        while (count < MOST_COMMON
                && count < end
                && sequence.tokenId(end - 1 - count) == sequence.tokenId(numTokens - 1 - count)) {
            count++;
        }
        return count;
    }

    /// Up to the first image token, which is never generated.
    private static int[] tokens(Sequence sequence, int from, int count) {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++) {
            tokens[i] = sequence.tokenId(from + i);
            if (tokens[i] == sequence.request().imageTokenId()) {
                return Arrays.copyOf(tokens, i);
            }
        }
        return tokens;
    }
}
