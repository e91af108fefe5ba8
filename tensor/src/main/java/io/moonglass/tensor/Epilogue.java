package io.moonglass.tensor;

/// What becomes of columns of a product while they are still in the cache.
public final class Epilogue {

    private Epilogue() {}

    /// `x[:, from .. to) += bias[from .. to)`.
    ///
    /// @param x    `[numRows, size]`
    /// @param bias `[size]`
    public static void addBias(FloatMatrix x, float[] bias, int from, int to) {
        check(x, bias, x, from, to);
        for (int row = 0; row < x.numRows(); row++) {
            long at = (long) row * x.numColumns() + from;
            Kernels.fastest().addBias(x.data(), at, bias, from, to - from);
        }
    }

    /// `x[:, from .. to) = gelu(x[:, from .. to) + bias[from .. to))`.
    ///
    /// @param x    `[numRows, size]`
    /// @param bias `[size]`
    public static void gelu(Gelu form, FloatMatrix x, float[] bias, int from, int to) {
        check(x, bias, x, from, to);
        for (int row = 0; row < x.numRows(); row++) {
            long at = (long) row * x.numColumns() + from;
            Kernels.fastest().gelu(form, x.data(), at, bias, from, to - from);
        }
    }

    /// `out[:, from .. to) += x[:, from .. to) + bias[from .. to)`.
    ///
    /// @param x    `[numRows, size]`
    /// @param bias `[size]`
    /// @param out  of the shape of `x`
    public static void addBiased(FloatMatrix x, float[] bias, FloatMatrix out, int from, int to) {
        check(x, bias, out, from, to);
        for (int row = 0; row < x.numRows(); row++) {
            long at = (long) row * x.numColumns() + from;
            Kernels.fastest().addBiased(x.data(), bias, out.data(), at, from, to - from);
        }
    }

    private static void check(FloatMatrix x, float[] bias, FloatMatrix out, int from, int to) {
        boolean agree =
                bias.length == x.numColumns()
                        && out.numRows() == x.numRows()
                        && out.numColumns() == x.numColumns()
                        && 0 <= from
                        && from <= to
                        && to <= bias.length;
        if (!agree) {
            throw new IllegalArgumentException(
                    "columns %d to %d of [%d, %d], bias [%d] and out [%d, %d] do not agree"
                            .formatted(
                                    from,
                                    to,
                                    x.numRows(),
                                    x.numColumns(),
                                    bias.length,
                                    out.numRows(),
                                    out.numColumns()));
        }
    }
}
