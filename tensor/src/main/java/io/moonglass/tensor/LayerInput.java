package io.moonglass.tensor;

/// Rows that several weights are multiplied with, in the form that each of them wants: as floats, or
/// quantised once for all. Lives as long as its workspace frame; the thread that owns the workspace
/// prepares it, then any may read.
public final class LayerInput {

    /// Rows that a thread copies at a time.
    private static final int PIECE_ROWS = 32;

    private final int numRows;
    private final int numColumns;
    private final FloatMatrix rows;
    private final ThreadTeam team;
    private final Workspace.Frame frame;
    private QuantizedRows quantized;

    /// @param rows  not changed while this is in use
    /// @param frame holds the other form
    public LayerInput(FloatMatrix rows, ThreadTeam team, Workspace.Frame frame) {
        this(rows.numRows(), rows.numColumns(), rows, null, team, frame);
    }

    private LayerInput(
            int numRows,
            int numColumns,
            FloatMatrix rows,
            QuantizedRows quantized,
            ThreadTeam team,
            Workspace.Frame frame) {
        this.numRows = numRows;
        this.numColumns = numColumns;
        this.rows = rows;
        this.quantized = quantized;
        this.team = team;
        this.frame = frame;
    }

    /// The rows as floats.
    ///
    /// @throws IllegalStateException if they were gathered for quantised weights
    public FloatMatrix rows() {
        if (rows == null) {
            throw new IllegalStateException("rows that were gathered for quantised weights");
        }
        return rows;
    }

    public int numRows() {
        return numRows;
    }

    public int numColumns() {
        return numColumns;
    }

    /// The rows quantised.
    ///
    /// @throws IllegalStateException unless [#prepareFor] made them
    public QuantizedRows quantized() {
        if (quantized == null) {
            throw new IllegalStateException("rows that were not prepared for quantised weights");
        }
        return quantized;
    }

    /// Makes the form that this weight is multiplied with, unless it is there.
    public void prepareFor(Weight weight) {
        if (takeMemoryFor(weight)) {
            Kernels.quantize(rows, quantized, team);
        }
    }

    /// Takes memory for the form that this weight is multiplied with: whoever makes the rows, a part after
    /// the other, makes that form as well ([#preparePart]).
    ///
    /// @return whether rows are to be quantised for it, and were not
    public boolean takeMemoryFor(Weight weight) {
        boolean isNew = weight instanceof PanelMatrix && quantized == null;
        if (isNew) {
            quantized = frame.quantized(numRows, numColumns);
        }
        return isNew;
    }

    /// Makes the form that memory was taken for of a part of the rows. Any thread, while others make other
    /// parts.
    ///
    /// @param from first column, a multiple of 32, which a block has
    /// @param to   column after the last, a multiple of it or the end of the rows
    public void preparePart(int first, int count, int from, int to) {
        if (quantized != null) {
            Kernels.quantize(rows.rows(first, count), quantized.rows(first, count), from, to);
        }
    }

    /// Rows of this input, in the order given, in the form that this weight is multiplied with.
    public LayerInput gather(int[] chosen, Weight weight, Workspace.Frame frame) {
        prepareFor(weight);
        return switch (weight) {
            case WeightMatrix _ -> {
                FloatMatrix gathered = frame.matrix(chosen.length, numColumns);
                for (int i = 0; i < chosen.length; i++) {
                    gathered.rows(i, 1).copyFrom(rows.rows(chosen[i], 1));
                }
                yield new LayerInput(gathered, team, frame);
            }
            case PanelMatrix _ -> {
                QuantizedRows gathered = frame.quantized(chosen.length, numColumns);
                team.runRows(
                        chosen.length,
                        PIECE_ROWS,
                        (first, count) -> {
                            for (int i = first; i < first + count; i++) {
                                gathered.copyRow(quantized, chosen[i], i);
                            }
                        });
                yield new LayerInput(chosen.length, numColumns, null, gathered, team, frame);
            }
        };
    }
}
