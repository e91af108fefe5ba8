package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// The tokens that a sequence's sampler chose after a step: one, and another for each guess that was
/// right.
///
/// @param fault why there are no more; null if nothing went wrong
record TokenChoice(int[] tokenIds, Throwable fault) {

    /// Chooses with the sequence's own sampler, guessed or not: so the tokens are those that it would
    /// have without guesses. Any thread, for one sequence at a time.
    ///
    /// @param logits  `[1 + draft length, vocabSize]`
    /// @param scratch `[vocabSize]`
    static TokenChoice of(Sequence sequence, int[] draft, FloatMatrix logits, float[] scratch) {
        int[] chosen = new int[1 + draft.length];
        int count = 0;
        try {
            do {
                read(logits, count, scratch);
                chosen[count] = sequence.sampler().sample(scratch);
                count++;
            } while (count <= draft.length && chosen[count - 1] == draft[count - 1]);
            return new TokenChoice(Arrays.copyOf(chosen, count), null);
        } catch (RuntimeException | Error e) { // logits that are no numbers, for one
            return new TokenChoice(Arrays.copyOf(chosen, count), e);
        }
    }

    private static void read(FloatMatrix logits, int row, float[] out) {
        MemorySegment.copy(
                logits.rows(row, 1).data(), ValueLayout.JAVA_FLOAT, 0, out, 0, out.length);
    }
}
