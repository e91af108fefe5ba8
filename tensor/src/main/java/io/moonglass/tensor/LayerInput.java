package io.moonglass.tensor;

/// Rows that several weights are multiplied with, in the form that each of them wants: as floats, or
/// quantised once for all. Lives as long as its workspace frame; the thread that owns the workspace
/// prepares it, then any may read.
public final class LayerInput {

    private final FloatMatrix rows;
    private final ThreadTeam team;
    private final Workspace.Frame frame;
    private QuantizedRows quantized;

    /// @param rows  not changed while this is in use
    /// @param frame holds the other form
    public LayerInput(FloatMatrix rows, ThreadTeam team, Workspace.Frame frame) {
        this.rows = rows;
        this.team = team;
        this.frame = frame;
    }

    public FloatMatrix rows() {
        return rows;
    }

    public int numRows() {
        return rows.numRows();
    }

    public int numColumns() {
        return rows.numColumns();
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
        if (weight instanceof PanelMatrix && quantized == null) {
            quantized = frame.quantized(rows.numRows(), rows.numColumns());
            Kernels.quantize(rows, quantized, team);
        }
    }

    /// Rows of this input, in the order given, for weights like this one.
    public LayerInput gather(int[] chosen, Weight weight, Workspace.Frame frame) {
        prepareFor(weight);
        LayerInput gathered =
                new LayerInput(frame.matrix(chosen.length, rows.numColumns()), team, frame);
        switch (weight) {
            case WeightMatrix _ -> {
                for (int i = 0; i < chosen.length; i++) {
                    gathered.rows.rows(i, 1).copyFrom(rows.rows(chosen[i], 1));
                }
            }
            case PanelMatrix _ -> {
                gathered.quantized = frame.quantized(chosen.length, rows.numColumns());
                for (int i = 0; i < chosen.length; i++) {
                    gathered.quantized.copyRow(quantized, chosen[i], i);
                }
            }
        }
        return gathered;
    }
}
