package io.moonglass.router;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.Workspace;

/// The gated feed-forward `down(silu(gate(x)) * up(x))` of a dense layer, of the shared experts or
/// of one routed expert.
///
/// Source: Shazeer 2020, "GLU Variants Improve Transformer".
///
/// @param gate `[intermediateSize, hiddenSize]`
/// @param up   `[intermediateSize, hiddenSize]`
/// @param down `[hiddenSize, intermediateSize]`
public record FeedForward(Weight gate, Weight up, Weight down) {

    public FeedForward {
        if (gate.numRows() != up.numRows()
                || gate.numColumns() != up.numColumns()
                || down.numRows() != gate.numColumns()
                || down.numColumns() != gate.numRows()) {
            throw new IllegalArgumentException(
                    "feed-forward of gate [%d, %d], up [%d, %d], down [%d, %d]"
                            .formatted(
                                    gate.numRows(),
                                    gate.numColumns(),
                                    up.numRows(),
                                    up.numColumns(),
                                    down.numRows(),
                                    down.numColumns()));
        }
    }

    public int intermediateSize() {
        return gate.numRows();
    }

    public int hiddenSize() {
        return gate.numColumns();
    }

    /// @param x   `[numTokens, hiddenSize]`
    /// @param out `[numTokens, hiddenSize]`; not `x`
    public void forward(FloatMatrix x, FloatMatrix out, ThreadTeam team, Workspace workspace) {
        try (Workspace.Frame frame = workspace.frame()) {
            FeedForwardBatch batch = new FeedForwardBatch(team);
            LayerInput input = new LayerInput(x, team, frame);
            batch.new Rows(input, intermediateSize(), out, frame).add(this, 0, x.numRows());
            batch.run();
        }
    }
}
