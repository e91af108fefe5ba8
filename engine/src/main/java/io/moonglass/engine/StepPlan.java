package io.moonglass.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What one forward pass computes: for every sequence in it, the next of its tokens that are not in
/// the cache yet, and perhaps guesses of those after them. Engine thread only.
final class StepPlan {

    static final int[] NO_DRAFT = {};

    /// Nothing to compute.
    static final StepPlan EMPTY = new StepPlan(0);

    /// `numTokens` tokens of a sequence from its first uncached one on, the draft included.
    ///
    /// @param draft guesses of the tokens that come after its last one
    record Share(Sequence sequence, int numTokens, int[] draft) {

        /// Whether the sequence's next token can be chosen after this step.
        boolean reachesEnd() {
            return numTokens - draft.length == sequence.numUncached();
        }

        /// Whether the sequence's prompt is all computed after this step, for the first time.
        boolean endsPrompt() {
            return reachesEnd() && sequence.numGenerated() == 0;
        }

        /// Rows that tokens are chosen from.
        int numEnds() {
            return reachesEnd() && sequence.generates() ? 1 + draft.length : 0;
        }

        int tokenId(int position) {
            int numTokens = sequence.numTokens();
            return position < numTokens ? sequence.tokenId(position) : draft[position - numTokens];
        }

        /// Whether all of it is generated and all of that but the last token is cached.
        boolean decodes() {
            return !sequence.isPrefilling();
        }
    }

    private final List<Share> shares = new ArrayList<>();
    private int budget;

    StepPlan(int maxTokens) {
        this.budget = maxTokens;
    }

    List<Share> shares() {
        return shares;
    }

    boolean isEmpty() {
        return shares.isEmpty();
    }

    /// Tokens that still fit.
    int budget() {
        return budget;
    }

    void add(Sequence sequence, int numTokens) {
        shares.add(new Share(sequence, numTokens, NO_DRAFT));
        budget -= numTokens;
    }

    /// Adds the first guesses of a draft to a sequence's share.
    void extend(Sequence sequence, int[] draft, int length) {
        shares.replaceAll(share ->
                share.sequence() == sequence
                        ? new Share(
                                sequence, share.numTokens() + length, Arrays.copyOf(draft, length))
                        : share);
        budget -= length;
    }

    void remove(Sequence sequence) {
        shares.removeIf(share -> {
            if (share.sequence() == sequence) {
                budget += share.numTokens();
                return true;
            }
            return false;
        });
    }

    int numTokens() {
        return shares.stream().mapToInt(Share::numTokens).sum();
    }

    /// Tokens of sequences that decode, drafts included.
    int numDecodeTokens() {
        return shares.stream().filter(Share::decodes).mapToInt(Share::numTokens).sum();
    }

    int numPrefillTokens() {
        return numTokens() - numDecodeTokens();
    }

    int numEnds() {
        return shares.stream().mapToInt(Share::numEnds).sum();
    }
}
