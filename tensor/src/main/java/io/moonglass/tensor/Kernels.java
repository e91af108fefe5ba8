package io.moonglass.tensor;

import java.util.List;

/// The arithmetic of the model, one method per operation: each documents and checks its arguments
/// and hands them to the fastest implementation this machine has.
///
/// Nothing here allocates or starts a thread; callers bring outputs and scratch and may call from
/// any thread. Every output value is summed in one order that does not depend on the number of
/// rows, so a prompt gives the same bits however it is cut into chunks.
///
/// `-Dmoonglass.kernels=scalar|vector|native` forces an implementation.
public final class Kernels {

    /// The system property that forces an implementation; read once, when the kernels are first used.
    public static final String PROPERTY = "moonglass.kernels";

    /// Weight rows of one piece of a shared product: a multiple of the register tiles.
    private static final int LINEAR_PIECE = 64;

    /// The same where there are few rows.
    private static final int SMALL_PIECE = 16;

    /// Products below this many multiplications are done before a helper would have woken.
    private static final long SHARED_FROM = 100_000;

    /// Rows of one piece of a shared quantisation.
    private static final int QUANTIZE_PIECE = 16;

    private static final KernelChoice CHOICE = KernelChoice.of(System.getProperty(PROPERTY, ""));
    private static final KernelSet FASTEST = CHOICE.kernels();

    private Kernels() {}

    /// The implementation in use: `scalar`, `vector`, or `native` and an instruction set.
    public static String implementation() {
        return FASTEST.name();
    }

    /// The implementation in use and, if this machine could have a faster one, why it is not used.
    public static String description() {
        return CHOICE.description();
    }

    /// `out = x Wᵀ`.
    ///
    /// @param x      `[numRows, in]`
    /// @param weight `[out, in]`
    /// @param out    `[numRows, out]`; not `x`
    public static void linear(FloatMatrix x, WeightMatrix weight, FloatMatrix out) {
        linear(x, weight, out, 0, weight.numRows());
    }

    /// Rows in the form that quantised weights are multiplied with: each block of 32 columns is rounded
    /// to whole numbers times the scale that makes its largest value 127.
    ///
    /// @param out of the shape of `x`
    public static void quantize(FloatMatrix x, QuantizedRows out) {
        if (x.numRows() != out.numRows() || x.numColumns() != out.numColumns()) {
            throw new IllegalArgumentException(
                    "quantize: [%d, %d] to [%d, %d]"
                            .formatted(
                                    x.numRows(), x.numColumns(), out.numRows(), out.numColumns()));
        }
        FASTEST.quantize(x, out);
    }

    /// Columns `[from, to)` of it.
    ///
    /// @param from a multiple of 32, which a block has
    /// @param to   a multiple of it, or the last column's end
    static void quantize(FloatMatrix x, QuantizedRows out, int from, int to) {
        FASTEST.quantize(x, out, from / QuantizedRows.BLOCK_COLUMNS, QuantizedRows.numBlocks(to));
    }

    /// The same as a whole, shared out to the team by rows.
    static void quantize(FloatMatrix x, QuantizedRows out, ThreadTeam team) {
        int numPieces = (x.numRows() + QUANTIZE_PIECE - 1) / QUANTIZE_PIECE;
        team.run(
                numPieces,
                (piece, _) -> {
                    int from = piece * QUANTIZE_PIECE;
                    int count = Math.min(QUANTIZE_PIECE, x.numRows() - from);
                    quantize(x.rows(from, count), out.rows(from, count));
                });
    }

    /// `out = x Wᵀ`, shared out to the team by columns of `out`.
    ///
    /// @param x prepared here, where the weight is quantised
    public static void linear(LayerInput x, Weight weight, FloatMatrix out, ThreadTeam team) {
        linear(x, List.of(weight), List.of(out), team);
    }

    /// `out = x Wᵀ` for several weights, shared out to the team as one work.
    ///
    /// @param x    prepared here, where weights are quantised
    /// @param outs one for each weight
    public static void linear(
            LayerInput x, List<? extends Weight> weights, List<FloatMatrix> outs, ThreadTeam team) {
        long products = 0;
        int numRows = 0;
        for (int i = 0; i < weights.size(); i++) {
            Weight weight = weights.get(i);
            x.prepareFor(weight);
            products += (long) x.numRows() * weight.numRows() * weight.numColumns();
            numRows += weight.numRows();
        }
        int pieceRows = numRows < 8 * LINEAR_PIECE ? SMALL_PIECE : LINEAR_PIECE;
        int[] firstPiece = new int[weights.size() + 1];
        for (int i = 0; i < weights.size(); i++) {
            int numPieces = (weights.get(i).numRows() + pieceRows - 1) / pieceRows;
            firstPiece[i + 1] = firstPiece[i] + numPieces;
        }
        ThreadTeam.Piece work =
                (piece, _) -> {
                    int i = 0;
                    while (piece >= firstPiece[i + 1]) {
                        i++;
                    }
                    int from = (piece - firstPiece[i]) * pieceRows;
                    int to = Math.min(from + pieceRows, weights.get(i).numRows());
                    linear(x, 0, x.numRows(), weights.get(i), outs.get(i), from, to);
                };
        int numPieces = firstPiece[weights.size()];
        if (products < SHARED_FROM) {
            for (int piece = 0; piece < numPieces; piece++) {
                work.run(piece, 0);
            }
        } else {
            team.run(numPieces, work);
        }
    }

    /// The columns `[fromOut, toOut)` of `out = x Wᵀ`. The product of two blocks is a whole number, and
    /// blocks are added up in order, so every implementation gives the same bits.
    ///
    /// @param x       `[numRows, in]`
    /// @param weight  `[out, in]`
    /// @param out     `[numRows, out]`
    /// @param fromOut a multiple of [PanelMatrix#PANEL_ROWS]
    /// @param toOut   a multiple of it, or the last column's end
    public static void linear(
            QuantizedRows x, PanelMatrix weight, FloatMatrix out, int fromOut, int toOut) {
        boolean agree =
                x.numColumns() == weight.numColumns()
                        && out.numColumns() == weight.numRows()
                        && out.numRows() == x.numRows()
                        && 0 <= fromOut
                        && fromOut <= toOut
                        && toOut <= weight.numRows()
                        && fromOut % PanelMatrix.PANEL_ROWS == 0
                        && (toOut % PanelMatrix.PANEL_ROWS == 0 || toOut == weight.numRows());
        if (!agree) {
            throw new IllegalArgumentException(
                    "linear: x [%d, %d], rows %d to %d of weight [%d, %d] and out [%d, %d] do not agree"
                            .formatted(
                                    x.numRows(),
                                    x.numColumns(),
                                    fromOut,
                                    toOut,
                                    weight.numRows(),
                                    weight.numColumns(),
                                    out.numRows(),
                                    out.numColumns()));
        }
        FASTEST.linear(
                x, weight, out, fromOut / PanelMatrix.PANEL_ROWS, PanelMatrix.numPanels(toOut));
    }

    /// The columns `[fromOut, toOut)` of `out = x Wᵀ` for some rows of an input that is prepared.
    ///
    /// @param first first row of `x` and `out`
    public static void linear(
            LayerInput x,
            int first,
            int numRows,
            Weight weight,
            FloatMatrix out,
            int fromOut,
            int toOut) {
        FloatMatrix target = out.rows(first, numRows);
        switch (weight) {
            case WeightMatrix matrix ->
                    linear(x.rows().rows(first, numRows), matrix, target, fromOut, toOut);
            case PanelMatrix panels ->
                    linear(x.quantized().rows(first, numRows), panels, target, fromOut, toOut);
        }
    }

    /// The columns `[fromOut, toOut)` of `out = x Wᵀ`, for callers that share the work.
    public static void linear(
            FloatMatrix x, WeightMatrix weight, FloatMatrix out, int fromOut, int toOut) {
        check(
                x.numColumns() == weight.numColumns()
                        && out.numColumns() == weight.numRows()
                        && out.numRows() == x.numRows()
                        && 0 <= fromOut
                        && fromOut <= toOut
                        && toOut <= weight.numRows(),
                "linear",
                x,
                weight,
                out);
        FASTEST.linear(x, weight, out, fromOut, toOut);
    }

    /// `out[:, outColumn .. outColumn + numColumns) += x W[:, .. numColumns)`: rows of the weight
    /// added up, each times its factor, in row order.
    ///
    /// @param x      `[numRows, in]`
    /// @param weight `[in, at least numColumns]`
    public static void addTransposedLinear(
            FloatMatrix x, WeightMatrix weight, int numColumns, FloatMatrix out, int outColumn) {
        check(
                x.numColumns() == weight.numRows()
                        && out.numRows() == x.numRows()
                        && numColumns <= weight.numColumns()
                        && outColumn >= 0
                        && outColumn + numColumns <= out.numColumns(),
                "addTransposedLinear",
                x,
                weight,
                out);
        FASTEST.addTransposedLinear(x, weight, numColumns, out, outColumn);
    }

    /// Root-mean-square normalisation of every row: `out = x / sqrt(mean(x²) + eps) * weight`.
    ///
    /// Source: Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", eq. 4.
    ///
    /// @param x      `[numRows, size]`
    /// @param weight `[size]`
    /// @param eps    added to the mean square
    /// @param out    `[numRows, size]`; may be `x` itself
    public static void rmsNorm(FloatMatrix x, float[] weight, float eps, FloatMatrix out) {
        checkNorm("rmsNorm", x, weight.length, out);
        FASTEST.rmsNorm(x, weight, eps, out);
    }

    /// Layer normalisation of every row: `out = (x - mean) / sqrt(var + eps) * weight + bias`.
    ///
    /// Source: Ba, Kiros and Hinton 2016, "Layer Normalization".
    ///
    /// @param x   `[numRows, size]`
    /// @param out `[numRows, size]`; may be `x` itself
    public static void layerNorm(
            FloatMatrix x, float[] weight, float[] bias, float eps, FloatMatrix out) {
        checkNorm("layerNorm", x, weight.length, out);
        checkNorm("layerNorm", x, bias.length, out);
        FASTEST.layerNorm(x, weight, bias, eps, out);
    }

    /// Turns adjacent pairs `(a, b)` of one vector to `(a cos - b sin, b cos + a sin)`, in place.
    ///
    /// Source: Su et al. 2021, "RoFormer", section 3.4.2.
    ///
    /// @param x      where row `row` holds the vector from `column` on
    /// @param angles the row `position` of this table is used
    public static void rotary(
            FloatMatrix x, int row, int column, RotaryAngles angles, int position) {
        int dim = angles.dim();
        if (column < 0 || column + dim > x.numColumns()) {
            throw new IllegalArgumentException(
                    "rotary: columns [%d, %d) of a row of %d"
                            .formatted(column, column + dim, x.numColumns()));
        }
        FASTEST.rotary(
                x.data(),
                (long) row * x.numColumns() + column,
                angles.cos().data(),
                angles.sin().data(),
                (long) position * dim,
                dim);
    }

    /// `x = exp((x - max) * factor)`, in place: what a softmax divides by its sum. What is no number
    /// becomes 0.
    ///
    /// @param max the largest of `x`
    public static void exponentials(float[] x, float max, float factor) {
        FASTEST.exponentials(x, max, factor);
    }

    /// The largest of the first `length` values of a row.
    public static float max(FloatMatrix x, int row, int length) {
        checkLength("max", x, length);
        return FASTEST.max(x.data(), (long) row * x.numColumns(), length);
    }

    /// Multiplies columns `[column, column + length)` of a row.
    public static void scale(FloatMatrix x, int row, int column, int length, float factor) {
        checkLength("scale", x, column + length);
        FASTEST.scale(x.data(), (long) row * x.numColumns() + column, length, factor);
    }

    /// `out = silu(gate) * up`, where `silu(g) = g / (1 + exp(-g))`.
    ///
    /// Source: Shazeer 2020, "GLU Variants Improve Transformer".
    ///
    /// For rows `[first, first + numRows)` and columns `[from, to)`: callers share the work.
    ///
    /// @param out of the shape of both; may be either
    public static void siluGate(
            FloatMatrix gate,
            FloatMatrix up,
            FloatMatrix out,
            int first,
            int numRows,
            int from,
            int to) {
        int size = gate.numColumns();
        if (up.data().byteSize() != gate.data().byteSize()
                || out.data().byteSize() != gate.data().byteSize()
                || first < 0
                || first + numRows > gate.numRows()
                || from < 0
                || from > to
                || to > size) {
            throw new IllegalArgumentException(
                    "siluGate: gate, up and out differ in size, or columns %d to %d of %d rows"
                                    .formatted(from, to, numRows)
                            + " are not among them");
        }
        for (int row = first; row < first + numRows; row++) {
            FASTEST.siluGate(
                    gate.data(), up.data(), out.data(), (long) row * size + from, to - from);
        }
    }

    /// `out[outRow] += factor * x[row]`.
    public static void addScaled(
            FloatMatrix x, int row, float factor, FloatMatrix out, int outRow) {
        if (x.numColumns() != out.numColumns()) {
            throw new IllegalArgumentException(
                    "addScaled: a row of %d to a row of %d"
                            .formatted(x.numColumns(), out.numColumns()));
        }
        FASTEST.addScaled(
                x.data(),
                (long) row * x.numColumns(),
                factor,
                out.data(),
                (long) outRow * out.numColumns(),
                x.numColumns());
    }

    /// `out += x`, row by row.
    public static void add(FloatMatrix x, FloatMatrix out) {
        for (int row = 0; row < x.numRows(); row++) {
            addScaled(x, row, 1, out, row);
        }
    }

    /// Reads one row of a weight as floats: the embedding of a token.
    public static void widenRow(WeightMatrix weight, int row, FloatMatrix out, int outRow) {
        if (out.numColumns() != weight.numColumns() || row < 0 || row >= weight.numRows()) {
            throw new IllegalArgumentException(
                    "widenRow: row %d of [%d, %d] into rows of %d"
                            .formatted(
                                    row, weight.numRows(), weight.numColumns(), out.numColumns()));
        }
        FASTEST.widenRow(weight, row, out.data(), (long) outRow * out.numColumns());
    }

    /// Stores floats as a row of a weight: what a cache keeps. A bfloat16 is rounded to the nearest.
    public static void narrowRow(FloatMatrix x, int row, WeightMatrix weight, int weightRow) {
        if (x.numColumns() != weight.numColumns()
                || weightRow < 0
                || weightRow >= weight.numRows()) {
            throw new IllegalArgumentException(
                    "narrowRow: a row of %d into row %d of [%d, %d]"
                            .formatted(
                                    x.numColumns(),
                                    weightRow,
                                    weight.numRows(),
                                    weight.numColumns()));
        }
        FASTEST.narrowRow(x.data(), (long) row * x.numColumns(), weight, weightRow);
    }

    /// Stores floats as a row in 8 bits.
    ///
    /// @param x finite numbers
    public static void narrowRow(FloatMatrix x, int row, ByteRows out, int outRow) {
        if (x.numColumns() != out.numColumns() || outRow < 0 || outRow >= out.numRows()) {
            throw new IllegalArgumentException(
                    "narrowRow: a row of %d into row %d of [%d, %d]"
                            .formatted(x.numColumns(), outRow, out.numRows(), out.numColumns()));
        }
        FASTEST.narrowRow(x.data(), (long) row * x.numColumns(), out, outRow);
    }

    /// Reads the first rows of those in 8 bits, rounded to what `out` holds.
    ///
    /// @param out `[numRows, numColumns]`
    public static void widenRows(ByteRows rows, WeightMatrix out) {
        if (out.numColumns() != rows.numColumns() || out.numRows() > rows.numRows()) {
            throw new IllegalArgumentException(
                    "widenRows: [%d, %d] into [%d, %d]"
                            .formatted(
                                    rows.numRows(),
                                    rows.numColumns(),
                                    out.numRows(),
                                    out.numColumns()));
        }
        for (int row = 0; row < out.numRows(); row++) {
            FASTEST.widenRow(rows, row, out, row);
        }
    }

    private static void checkNorm(String kernel, FloatMatrix x, int size, FloatMatrix out) {
        if (x.numColumns() != size || out.numColumns() != size || out.numRows() != x.numRows()) {
            throw new IllegalArgumentException(
                    "%s: x is [%d, %d] and out [%d, %d]; want rows of %d in both"
                            .formatted(
                                    kernel,
                                    x.numRows(),
                                    x.numColumns(),
                                    out.numRows(),
                                    out.numColumns(),
                                    size));
        }
    }

    private static void checkLength(String kernel, FloatMatrix x, int length) {
        if (length < 0 || length > x.numColumns()) {
            throw new IllegalArgumentException(
                    "%s: %d values of a row of %d".formatted(kernel, length, x.numColumns()));
        }
    }

    private static void check(
            boolean agree, String kernel, FloatMatrix x, WeightMatrix weight, FloatMatrix out) {
        if (!agree) {
            throw new IllegalArgumentException(
                    "%s: x [%d, %d], weight [%d, %d] and out [%d, %d] do not agree"
                            .formatted(
                                    kernel,
                                    x.numRows(),
                                    x.numColumns(),
                                    weight.numRows(),
                                    weight.numColumns(),
                                    out.numRows(),
                                    out.numColumns()));
        }
    }

    /// The implementation in use.
    static KernelSet fastest() {
        return FASTEST;
    }
}
