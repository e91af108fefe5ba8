package io.moonglass.runtime.media;

import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.Arena;

/// The decoder's rows of all pictures of a request, in prompt order, in memory of their own.
public final class ImageRows implements AutoCloseable {

    private final Arena arena = Arena.ofShared();
    private final FloatMatrix matrix;

    ImageRows(int numRows, int hiddenSize) {
        this.matrix = FloatMatrix.allocate(arena, numRows, hiddenSize);
    }

    /// `[number of image tokens, hiddenSize]`; not to be used after [#close()].
    public FloatMatrix matrix() {
        return matrix;
    }

    @Override
    public void close() {
        arena.close();
    }
}
