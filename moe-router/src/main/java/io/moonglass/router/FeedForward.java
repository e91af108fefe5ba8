package io.moonglass.router;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
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
            forward(new LayerInput(x, team, frame), out, team, workspace);
        }
    }

    void forward(LayerInput x, FloatMatrix out, ThreadTeam team, Workspace workspace) {
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix gated = frame.matrix(x.numRows(), intermediateSize());
            FloatMatrix raised = frame.matrix(x.numRows(), intermediateSize());
            Kernels.linear(x, gate, gated, team);
            Kernels.linear(x, up, raised, team);
            Kernels.siluGate(gated, raised, gated);
            Kernels.linear(new LayerInput(gated, team, frame), down, out, team);
        }
    }
}
