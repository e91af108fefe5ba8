package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Holds the engine's thread at the beginning of every step until the test lets it go on, and
/// remembers what the steps computed. Closing opens the gate for good.
final class StepGate implements DecoderObserver, AutoCloseable {

    private final Semaphore entered = new Semaphore(0);
    private final Semaphore open = new Semaphore(0);
    private final List<FloatMatrix> embeddings = new CopyOnWriteArrayList<>();
    private final List<Integer> choices = new CopyOnWriteArrayList<>();
    private int numChoices;
    private float[] lastLogits;

    @Override
    public void hidden(int index, FloatMatrix hidden) {
        if (index == 0) {
            embeddings.add(copyOf(hidden));
            entered.release();
            open.acquireUninterruptibly();
            numChoices = 0;
        }
    }

    @Override
    public void logits(FloatMatrix logits) {
        choices.add(++numChoices);
        lastLogits = logits.toArray();
    }

    /// What the token being accepted was chosen from. Engine thread, in a sink.
    float[] lastLogits() {
        return lastLogits;
    }

    /// Waits until the engine stands before its next step.
    void awaitStep() throws InterruptedException {
        assertTrue(entered.tryAcquire(60, TimeUnit.SECONDS), "the engine began no step");
    }

    /// Lets one step go on.
    void letOneStepGo() {
        open.release();
    }

    /// Lets all steps go on from now.
    @Override
    public void close() {
        open.release(Integer.MAX_VALUE / 2);
    }

    /// Tokens of every step so far.
    List<Integer> stepSizes() {
        return embeddings.stream().map(FloatMatrix::numRows).toList();
    }

    /// Tokens of all steps so far.
    int numComputed() {
        return stepSizes().stream().mapToInt(Integer::intValue).sum();
    }

    /// The most sequences that were given a token in one step.
    int mostChoicesInAStep() {
        return choices.stream().mapToInt(Integer::intValue).max().orElse(0);
    }

    /// Every token's embedding in order of computation.
    List<float[]> embeddings() {
        List<float[]> rows = new ArrayList<>();
        for (FloatMatrix step : embeddings) {
            for (int row = 0; row < step.numRows(); row++) {
                rows.add(step.rows(row, 1).toArray());
            }
        }
        return rows;
    }

    private static FloatMatrix copyOf(FloatMatrix matrix) {
        return FloatMatrix.of(Arena.ofAuto(), matrix.numColumns(), matrix.toArray());
    }
}
