package io.moonglass.tensor;

import java.lang.foreign.MemorySegment;

/// A weight matrix `[numRows, numColumns]` (out, in) that [Kernels#linear] multiplies with.
public sealed interface Weight permits WeightMatrix, PanelMatrix {

    /// The stored bytes.
    MemorySegment data();

    int numRows();

    int numColumns();
}
