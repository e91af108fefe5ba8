package io.moonglass.runtime.media;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.Pace;
import io.moonglass.vision.VisionEncoder;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// An encoder that a test holds up. A picture's rows are full of the first number of its patches.
final class GatedEncoder implements VisionEncoder {

    static final int HIDDEN_SIZE = 3;

    /// One permit lets one picture through.
    final Semaphore gate = new Semaphore(0);

    /// A permit for each picture that was begun.
    final Semaphore begun = new Semaphore(0);

    /// First numbers of the pictures in the order in which they were begun.
    final List<Float> order = new CopyOnWriteArrayList<>();

    final AtomicInteger numStopped = new AtomicInteger();
    volatile RuntimeException fault;
    volatile Runnable atBegin = () -> {};
    volatile boolean closed;

    @Override
    public FloatMatrix encode(ImagePatches patches, Pace pace, Arena arena) {
        float first = patches.patches()[0];
        order.add(first);
        atBegin.run();
        begun.release();
        try {
            do {
                if (pace.isDue()) {
                    pace.pause();
                }
            } while (!gate.tryAcquire(1, TimeUnit.MILLISECONDS));
        } catch (CancellationException e) {
            numStopped.incrementAndGet();
            throw e;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (fault != null) {
            throw fault;
        }
        FloatMatrix rows = FloatMatrix.allocate(arena, patches.numTokens(), HIDDEN_SIZE);
        for (int row = 0; row < rows.numRows(); row++) {
            for (int column = 0; column < HIDDEN_SIZE; column++) {
                rows.set(row, column, first);
            }
        }
        return rows;
    }

    @Override
    public Map<String, FloatMatrix> encodeWithIntermediates(ImagePatches patches, Arena arena) {
        throw new UnsupportedOperationException("only rows");
    }

    @Override
    public void close() {
        closed = true;
    }
}
