package io.moonglass.loader.gguf;

import io.moonglass.loader.safetensors.StoredTensor;
import java.util.Arrays;

/// A tensor that goes to a GGUF file row by row.
///
/// @param shape outermost dimension first
record RowsToWrite(String name, long[] shape, Rows rows) {

    /// Where the rows come from. Any thread.
    @FunctionalInterface
    interface Rows {
        /// @param row counted over all dimensions but the innermost
        void read(long row, float[] into, int at);
    }

    /// A tensor that is one in both.
    static RowsToWrite of(String name, StoredTensor tensor) {
        return of(name, tensor, tensor.shape(), 0);
    }

    /// A part of a tensor.
    ///
    /// @param from its first element
    static RowsToWrite of(String name, StoredTensor tensor, long[] shape, long from) {
        int length = Math.toIntExact(shape[shape.length - 1]);
        return new RowsToWrite(
                name, shape, (row, into, at) -> tensor.read(from + row * length, length, into, at));
    }

    int rowLength() {
        return Math.toIntExact(shape[shape.length - 1]);
    }

    long numRows() {
        return Arrays.stream(shape).limit(shape.length - 1).reduce(1, (a, b) -> a * b);
    }
}
