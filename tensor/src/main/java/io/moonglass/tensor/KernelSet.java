package io.moonglass.tensor;

import java.lang.foreign.MemorySegment;

/// One implementation of the kernels. Arguments were checked by [Kernels]; nothing allocates.
/// Segments hold floats in the machine's order unless said otherwise; offsets and strides count
/// elements, not bytes.
sealed interface KernelSet permits ScalarKernels, VectorKernels {

    /// The name that `moonglass.kernels` selects it by.
    String name();

    void linear(FloatMatrix x, WeightMatrix weight, FloatMatrix out, int fromRow, int toRow);

    default void quantize(FloatMatrix x, QuantizedRows out) {
        quantize(x, out, 0, out.numBlocks());
    }

    /// Some blocks of each row.
    void quantize(FloatMatrix x, QuantizedRows out, int fromBlock, int toBlock);

    void linear(QuantizedRows x, PanelMatrix weight, FloatMatrix out, int fromPanel, int toPanel);

    /// The scales of a block's rows that leave the least squared error, of those that are tried.
    ///
    /// @throws IllegalArgumentException if a weight is infinite or no number
    void findScales(PanelBlock block);

    /// The whole numbers nearest to a block's weights, for its scales, as a panel stores them.
    ///
    /// @param offset in bytes
    void writeCodes(PanelBlock block, MemorySegment target, long offset);

    /// @param next where what is read after these rows begins: it can be fetched meanwhile
    void attend(HeadAttention attention, WeightMatrix rows, MemorySegment next);

    void addTransposedLinear(
            FloatMatrix x, WeightMatrix weight, int numColumns, FloatMatrix out, int outColumn);

    void rmsNorm(FloatMatrix x, float[] weight, float eps, FloatMatrix out);

    void layerNorm(FloatMatrix x, float[] weight, float[] bias, float eps, FloatMatrix out);

    void rotary(
            MemorySegment x,
            long offset,
            MemorySegment cos,
            MemorySegment sin,
            long table,
            int dim);

    float max(MemorySegment x, long offset, int length);

    void scale(MemorySegment x, long offset, int length, float factor);

    void exponentials(float[] x, float max, float factor);

    void siluGate(MemorySegment gate, MemorySegment up, MemorySegment out, long offset, int length);

    void addScaled(
            MemorySegment x,
            long xOffset,
            float factor,
            MemorySegment out,
            long outOffset,
            int length);

    void widenRow(WeightMatrix weight, int row, MemorySegment out, long outOffset);

    void narrowRow(MemorySegment x, long offset, WeightMatrix weight, int row);

    void narrowRow(MemorySegment x, long offset, ByteRows out, int row);

    void widenRow(ByteRows rows, int row, WeightMatrix out, int outRow);

    void addBias(MemorySegment x, long offset, float[] bias, int from, int length);

    void addBiased(
            MemorySegment x, float[] bias, MemorySegment out, long offset, int from, int length);

    void gelu(Gelu form, MemorySegment x, long offset, float[] bias, int from, int length);

    void attend(
            WeightMatrix queries,
            KeyValueTiles tiles,
            int firstVisible,
            int visibleStep,
            boolean begins,
            boolean ends,
            MemorySegment scratch,
            MemorySegment out,
            long outOffset,
            long outStride);
}
