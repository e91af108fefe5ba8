package io.moonglass.runtime.media;

import io.moonglass.loader.digest.Digest;
import io.moonglass.tensor.FloatMatrix;
import java.util.concurrent.atomic.AtomicBoolean;

/// The decoder's rows of one picture, in the hands of one request. Others may hold the same rows; the
/// memory goes back when nobody does and the cache wants its room. Any thread.
public final class ImageRows implements AutoCloseable {

    private final FloatMatrix matrix;
    private final Digest content;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    /// @param release called once
    ImageRows(FloatMatrix matrix, Digest content, Runnable release) {
        this.matrix = matrix;
        this.content = content;
        this.release = release;
    }

    /// `[number of image tokens, hiddenSize]`, to be read only; not to be used after [#close()].
    public FloatMatrix matrix() {
        return matrix;
    }

    /// Stands for the picture and all that changed it on the way to rows.
    public Digest content() {
        return content;
    }

    /// Lets go of the rows; does nothing the second time.
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            release.run();
        }
    }
}
