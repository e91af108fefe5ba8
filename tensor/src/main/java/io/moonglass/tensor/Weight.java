package io.moonglass.tensor;

/// A weight matrix `[numRows, numColumns]` (out, in) that [Kernels#linear] multiplies with.
public sealed interface Weight permits WeightMatrix, PanelMatrix {

    int numRows();

    int numColumns();
}
