package io.moonglass.vision.moonvit;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.WeightMatrix;

/// A product of many rows, cut into pieces of rows and columns that are dealt to the team.
final class SharedProduct {

    /// Bytes of a piece's rows: with a panel and the piece's output they stay in a core's own cache.
    private static final int ROW_BYTES = 400 << 10;

    /// Rows of a piece are a multiple of it, for the register tiles of the kernels.
    private static final int ROW_UNIT = 12;

    /// Columns of a piece.
    private static final int COLUMNS = 256;

    private SharedProduct() {}

    /// What becomes of a piece as soon as it is computed.
    @FunctionalInterface
    interface Finish {
        /// @param rows of the output
        void apply(int firstRow, FloatMatrix rows, int fromColumn, int toColumn);
    }

    /// `out = x Wᵀ`, then `finish` for each piece.
    ///
    /// @param x prepared here
    static void run(LayerInput x, Weight weight, FloatMatrix out, PacedTeam team, Finish finish) {
        x.prepareFor(weight);
        int pieceRows = pieceRows(weight, x.numRows());
        int numAcross = (weight.numRows() + COLUMNS - 1) / COLUMNS;
        int numDown = (x.numRows() + pieceRows - 1) / pieceRows;
        team.run(
                numAcross * numDown,
                (piece, _) -> {
                    int first = piece / numAcross * pieceRows;
                    int numRows = Math.min(pieceRows, x.numRows() - first);
                    int from = piece % numAcross * COLUMNS;
                    int to = Math.min(from + COLUMNS, weight.numRows());
                    Kernels.linear(x, first, numRows, weight, out, from, to);
                    finish.apply(first, out.rows(first, numRows), from, to);
                });
    }

    /// As many as [#ROW_BYTES] hold, or what makes the last piece as large as the others.
    private static int pieceRows(Weight weight, int numRows) {
        long rowBytes =
                switch (weight) {
                    case WeightMatrix matrix -> (long) matrix.numColumns() * Float.BYTES;
                    case PanelMatrix panels -> panels.numColumns();
                };
        int mostUnits = (int) Math.max(1, ROW_BYTES / rowBytes / ROW_UNIT);
        int numUnits = (numRows + ROW_UNIT - 1) / ROW_UNIT;
        int numPieces = (numUnits + mostUnits - 1) / mostUnits;
        return (numUnits + numPieces - 1) / numPieces * ROW_UNIT;
    }
}
