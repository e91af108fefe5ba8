package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// The tokens that a sequence's sampler chose after a step: one, and another for each guess that was
/// right.
///
/// @param ends  whether the last one ends the answer, or nothing may come at all
/// @param fault why there are no more; null if nothing went wrong
record TokenChoice(List<Chosen> tokens, boolean ends, Throwable fault) {

    /// Of a step that does not reach a sequence's end.
    static final TokenChoice NOTHING = new TokenChoice(List.of(), false, null);

    /// @param logprobs null if they are not wanted
    record Chosen(int tokenId, TokenLogprobs logprobs) {}

    /// Chooses with the sequence's own sampler, guessed or not: so the tokens are those that it would
    /// have without guesses. Any thread, for one sequence at a time.
    ///
    /// @param logits  `[1 + draft length, vocabSize]`
    /// @param scratch `[vocabSize]`
    static TokenChoice of(Sequence sequence, int[] draft, FloatMatrix logits, float[] scratch) {
        Sampler sampler = sequence.sampler();
        List<Chosen> chosen = new ArrayList<>();
        try {
            boolean wasGuessed = true;
            while (wasGuessed && !sampler.isFinished()) {
                int row = chosen.size();
                read(logits, row, scratch);
                int tokenId = sampler.sample(scratch);
                chosen.add(new Chosen(tokenId, logprobs(sequence, tokenId, logits, row, scratch)));
                wasGuessed = row < draft.length && tokenId == draft[row];
            }
            return new TokenChoice(chosen, sampler.isFinished(), null);
        } catch (RuntimeException | Error e) { // logits that are no numbers, or a mask's own fault
            return new TokenChoice(chosen, false, e);
        }
    }

    /// Of the logits as the model gave them: the sampler has changed its copy.
    private static TokenLogprobs logprobs(
            Sequence sequence, int tokenId, FloatMatrix logits, int row, float[] scratch) {
        OptionalInt numTop = sequence.request().scoring().answer();
        if (numTop.isEmpty()) {
            return null;
        }
        read(logits, row, scratch);
        return TokenLogprobs.of(scratch, tokenId, numTop.getAsInt());
    }

    private static void read(FloatMatrix logits, int row, float[] out) {
        MemorySegment.copy(
                logits.rows(row, 1).data(), ValueLayout.JAVA_FLOAT, 0, out, 0, out.length);
    }
}
