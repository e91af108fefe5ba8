package io.moonglass.engine;

import java.util.ArrayList;
import java.util.List;

/// Adds guesses to the shares of sequences that decode, where that is worth it. Engine thread only.
final class Drafting {

    private final boolean on;
    private final Speculation speculation;

    /// @param on whether there is any guessing
    Drafting(boolean on, Speculation speculation) {
        this.on = on;
        this.speculation = speculation;
    }

    void addTo(StepPlan step, KvCache cache) {
        if (!on || step.numDecodeTokens() == 0) {
            return;
        }
        List<Sequence> guessing = new ArrayList<>();
        List<int[]> drafts = new ArrayList<>();
        List<Speculation.Candidate> candidates = new ArrayList<>();
        for (StepPlan.Share share : step.shares()) {
            Sequence sequence = share.sequence();
            int[] draft =
                    share.decodes()
                            ? PromptLookup.draft(sequence, most(sequence))
                            : StepPlan.NO_DRAFT;
            if (draft.length > 0) {
                guessing.add(sequence);
                drafts.add(draft);
                candidates.add(new Speculation.Candidate(sequence.drafts(), draft.length));
            }
        }
        boolean withPrompt = step.numPrefillTokens() > 0;
        int[] lengths = speculation.lengths(step.numDecodeTokens(), candidates, withPrompt);
        for (int i = 0; i < lengths.length; i++) {
            Sequence sequence = guessing.get(i);
            int length = Math.min(lengths[i], step.budget());
            int end = sequence.numTokens() + length;
            if (length > 0 && cache.tryReserve(sequence.blocks(), sequence.numCached(), end)) {
                step.extend(sequence, drafts.get(i), length);
            } else {
                sequence.drafts().passed();
            }
        }
    }

    /// The last token is not guessed: one is chosen after the guesses in any case.
    private static int most(Sequence sequence) {
        int left = sequence.request().maxTokens() - sequence.numGenerated();
        return Math.min(Speculation.MOST_DRAFTED, left - 1);
    }
}
