package io.moonglass.engine;

import java.util.ArrayList;
import java.util.List;

/// What one forward pass computes: for every sequence in it, the next of its tokens that are not in
/// the cache yet. Engine thread only.
final class StepPlan {

    /// `numTokens` tokens of a sequence from its first uncached one on.
    record Share(Sequence sequence, int numTokens) {

        /// Whether the sequence's next token can be chosen after this step.
        boolean reachesEnd() {
            return numTokens == sequence.numUncached();
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
        shares.add(new Share(sequence, numTokens));
        budget -= numTokens;
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
}
