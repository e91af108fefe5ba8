package io.moonglass.engine;

import java.util.List;

/// Decides how many guesses a step computes beside the tokens that it must: as many as give the most
/// tokens a second, by how long steps of so many rows took and how often guesses were right. More rows
/// take longer, because they touch more experts, so often none are worth it. Engine thread only.
///
/// Source: Leviathan et al. 2023, "Fast Inference from Transformers via Speculative Decoding", section 3.
class Speculation {

    /// Guesses of a sequence at most.
    static final int MOST_DRAFTED = 8;

    private static final int MOST_ROWS = 512;

    /// What another row is taken to cost, in parts of a row's share of a step, before it was measured:
    /// little, so that it is tried once.
    private static final double UNKNOWN_ROW = 0.2;

    /// By how much guessing must be better.
    private static final double GAIN = 1.03;

    /// From what chance on a guess is worth a row in a step that computes prompts anyway.
    private static final double CHEAP_ROW = 0.3;

    private static final double NEWEST = 0.3;

    private final double[] secondsOfRows = new double[MOST_ROWS + 1];

    /// A step of sequences that decode, and of nothing else.
    void measured(int numRows, double seconds) {
        if (numRows <= MOST_ROWS) {
            double before = secondsOfRows[numRows];
            secondsOfRows[numRows] =
                    before == 0 ? seconds : (1 - NEWEST) * before + NEWEST * seconds;
        }
    }

    /// A sequence that has a draft.
    record Candidate(DraftRecord record, int length) {}

    /// How many guesses each draft may have, at most.
    ///
    /// @param numRows    tokens that the step computes in any case
    /// @param withPrompt whether it computes prompts, too
    int mostDrafted(int numRows, List<Candidate> candidates, boolean withPrompt) {
        return withPrompt ? cheap(candidates) : fastest(numRows, candidates);
    }

    private static int cheap(List<Candidate> candidates) {
        double best =
                candidates.stream().mapToDouble(c -> c.record().probability()).max().orElse(0);
        int length = 0;
        for (double all = best; all >= CHEAP_ROW && length < MOST_DRAFTED; all *= best) {
            length++;
        }
        return length;
    }

    private int fastest(int numRows, List<Candidate> candidates) {
        if (seconds(numRows) == 0) {
            return 0;
        }
        int best = 0;
        double bestRate = numRows / seconds(numRows) * GAIN;
        for (int most = 1; most <= MOST_DRAFTED; most++) {
            int rows = numRows;
            double tokens = numRows;
            for (Candidate candidate : candidates) {
                int length = Math.min(most, candidate.length());
                rows += length;
                tokens += candidate.record().expected(length);
            }
            double rate = tokens / seconds(rows);
            if (rate > bestRate) {
                best = most;
                bestRate = rate;
            }
        }
        return best;
    }

    /// Measured, or between what was measured of fewer and of more rows; 0 if nothing was.
    private double seconds(int numRows) {
        int rows = Math.min(numRows, MOST_ROWS);
        int fewer = rows;
        while (fewer > 0 && secondsOfRows[fewer] == 0) {
            fewer--;
        }
        if (fewer == rows || fewer == 0) {
            return secondsOfRows[fewer];
        }
        double known = secondsOfRows[fewer];
        int more = rows;
        while (more <= MOST_ROWS && secondsOfRows[more] == 0) {
            more++;
        }
        if (more > MOST_ROWS) {
            return known * (1 + UNKNOWN_ROW * (rows - fewer) / fewer);
        }
        double part = (double) (rows - fewer) / (more - fewer);
        return known + part * (secondsOfRows[more] - known);
    }
}
