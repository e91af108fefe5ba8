package io.moonglass.engine;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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
    private static final double CHEAP_ROW = 0.5;

    /// Guesses of such a step at most: its time is planned without them.
    private static final int MOST_CHEAP_ROWS = 8;

    /// Steps after which a measurement says nothing any more: a slow one must not end all guessing.
    private static final int LASTING_STEPS = 400;

    private static final double NEWEST = 0.3;

    private final double[] secondsOfRows = new double[MOST_ROWS + 1];
    private final int[] measuredAt = new int[MOST_ROWS + 1];
    private int numSteps;

    /// A step of sequences that decode, and of nothing else.
    void measured(int numRows, double seconds) {
        numSteps++;
        if (numRows <= MOST_ROWS) {
            double before = known(numRows);
            secondsOfRows[numRows] =
                    before == 0 ? seconds : (1 - NEWEST) * before + NEWEST * seconds;
            measuredAt[numRows] = numSteps;
        }
    }

    /// A sequence that has a draft.
    record Candidate(DraftRecord record, int length) {}

    /// One more guess of a candidate, and how likely it and those before it are right.
    private record Guess(int candidate, double chance) {}

    /// How many guesses of each draft are computed.
    ///
    /// @param numRows    tokens that the step computes in any case
    /// @param withPrompt whether it computes prompts, too
    int[] lengths(int numRows, List<Candidate> candidates, boolean withPrompt) {
        List<Guess> likeliestFirst =
                IntStream.range(0, candidates.size())
                        .boxed()
                        .flatMap(i -> guesses(i, candidates.get(i)))
                        .sorted(Comparator.comparingDouble(guess -> -guess.chance()))
                        .toList();
        int most = withPrompt ? cheap(likeliestFirst) : fastest(numRows, likeliestFirst);
        int[] lengths = new int[candidates.size()];
        likeliestFirst.subList(0, most).forEach(guess -> lengths[guess.candidate()]++);
        return lengths;
    }

    /// Each is less likely than the one before it, so a draft's first guesses are chosen first.
    private static Stream<Guess> guesses(int index, Candidate candidate) {
        double probability = candidate.record().probability();
        return IntStream.rangeClosed(1, Math.min(MOST_DRAFTED, candidate.length()))
                .mapToObj(i -> new Guess(index, Math.pow(probability, i)));
    }

    private static int cheap(List<Guess> likeliestFirst) {
        int worth =
                (int) likeliestFirst.stream().filter(guess -> guess.chance() >= CHEAP_ROW).count();
        return Math.min(MOST_CHEAP_ROWS, worth);
    }

    private int fastest(int numRows, List<Guess> likeliestFirst) {
        if (seconds(numRows) == 0) {
            return 0;
        }
        int best = 0;
        double bestRate = numRows / seconds(numRows) * GAIN;
        double tokens = numRows;
        for (int count = 1; count <= likeliestFirst.size(); count++) {
            tokens += likeliestFirst.get(count - 1).chance();
            double rate = tokens / seconds(numRows + count);
            if (rate > bestRate) {
                best = count;
                bestRate = rate;
            }
        }
        return best;
    }

    /// Measured, or between what was measured of fewer and of more rows; 0 if nothing was.
    private double seconds(int numRows) {
        int rows = Math.min(numRows, MOST_ROWS);
        int fewer = rows;
        while (fewer > 0 && known(fewer) == 0) {
            fewer--;
        }
        if (fewer == rows || fewer == 0) {
            return known(fewer);
        }
        double known = known(fewer);
        int more = rows;
        while (more <= MOST_ROWS && known(more) == 0) {
            more++;
        }
        if (more > MOST_ROWS) {
            return known * (1 + UNKNOWN_ROW * (rows - fewer) / fewer);
        }
        double part = (double) (rows - fewer) / (more - fewer);
        return known + part * (known(more) - known);
    }

    /// What was measured lately, or 0.
    private double known(int numRows) {
        return numSteps - measuredAt[numRows] > LASTING_STEPS ? 0 : secondsOfRows[numRows];
    }
}
