package io.moonglass.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
        Map<Sequence, int[]> drafts = new LinkedHashMap<>();
        List<Speculation.Candidate> candidates = new ArrayList<>();
        for (StepPlan.Share share : step.shares()) {
            if (share.decodes()) {
                int[] draft = PromptLookup.draft(share.sequence(), most(share.sequence()));
                if (draft.length > 0) {
                    drafts.put(share.sequence(), draft);
                    DraftRecord record = share.sequence().drafts();
                    candidates.add(new Speculation.Candidate(record, draft.length));
                }
            }
        }
        if (drafts.isEmpty()) {
            return;
        }
        int most =
                speculation.mostDrafted(
                        step.numDecodeTokens(), candidates, step.numPrefillTokens() > 0);
        drafts.forEach((sequence, draft) -> {
            int length = Math.min(Math.min(most, draft.length), step.budget());
            int end = sequence.numTokens() + length;
            if (length > 0 && cache.tryReserve(sequence.blocks(), sequence.numCached(), end)) {
                step.extend(sequence, draft, length);
            } else {
                sequence.drafts().passed();
            }
        });
    }

    /// The last token is not guessed: one is chosen after the guesses in any case.
    private static int most(Sequence sequence) {
        int left = sequence.request().maxTokens() - sequence.numGenerated();
        return Math.min(Speculation.MOST_DRAFTED, left - 1);
    }
}
