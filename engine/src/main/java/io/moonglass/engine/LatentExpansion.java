package io.moonglass.engine;

import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.QuantizedRows;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;
import java.util.List;

/// How a layer's latents become each head's keys and values, and how a query is taken into the latent
/// space instead: `U` makes keys of latents, `V` values.
///
/// Source: DeepSeek-V2 report (arXiv 2405.04434), section 2.1.2.
sealed interface LatentExpansion {

    /// One thread's memory for [#absorb] and [#takeOut] of so many rows, and for [#widen].
    record Scratch(
            QuantizedRows queries,
            QuantizedRows sums,
            FloatMatrix keyPanel,
            FloatMatrix valuePanel) {

        static Scratch take(TextConfig config, int numRows, Workspace.Frame frame) {
            return new Scratch(
                    frame.quantized(numRows, config.qkNopeHeadDim()),
                    frame.quantized(numRows, config.kvLoraRank()),
                    frame.matrix(config.qkNopeHeadDim(), PANEL_ROWS),
                    frame.matrix(config.kvLoraRank(), PANEL_ROWS));
        }
    }

    /// `Uᵀ q`: queries of one head in the latent space.
    ///
    /// @param queries `[numRows, qkNopeHeadDim]`
    /// @param out     `[numRows, kvLoraRank]`
    void absorb(int head, FloatMatrix queries, FloatMatrix out, Scratch scratch);

    /// `V u`: one head's weighted sums of latents as values.
    ///
    /// @param sums `[numRows, kvLoraRank]`
    /// @param out  `[numRows, vHeadDim]`
    void takeOut(int head, FloatMatrix sums, FloatMatrix out, Scratch scratch);

    /// `U` and `V` of a head as floats.
    ///
    /// @param keys   `[at least qkNopeHeadDim, kvLoraRank]`
    /// @param values `[at least vHeadDim, kvLoraRank]`
    void widen(int head, FloatMatrix keys, FloatMatrix values, Scratch scratch);

    /// What is read for a token.
    List<Weight> weights();

    /// As released.
    ///
    /// @param weight `[numHeads * (nope + vHeadDim), kvLoraRank]`: per head `U`, then `V`
    record Rows(TextConfig config, WeightMatrix weight) implements LatentExpansion {

        @Override
        public void absorb(int head, FloatMatrix queries, FloatMatrix out, Scratch scratch) {
            out.data().fill((byte) 0);
            Kernels.addTransposedLinear(
                    queries,
                    weight.rows(firstRow(head), config.qkNopeHeadDim()),
                    config.kvLoraRank(),
                    out,
                    0);
        }

        @Override
        public void takeOut(int head, FloatMatrix sums, FloatMatrix out, Scratch scratch) {
            int first = firstRow(head) + config.qkNopeHeadDim();
            Kernels.linear(sums, weight.rows(first, config.vHeadDim()), out);
        }

        @Override
        public void widen(int head, FloatMatrix keys, FloatMatrix values, Scratch scratch) {
            int nope = config.qkNopeHeadDim();
            for (int i = 0; i < nope; i++) {
                Kernels.widenRow(weight, firstRow(head) + i, keys, i);
            }
            for (int i = 0; i < config.vHeadDim(); i++) {
                Kernels.widenRow(weight, firstRow(head) + nope + i, values, i);
            }
        }

        @Override
        public List<Weight> weights() {
            return List.of(weight);
        }

        private int firstRow(int head) {
            return head * (config.qkNopeHeadDim() + config.vHeadDim());
        }
    }

    /// Quantised, the keys' part transposed, so that both are read as they lie.
    ///
    /// @param keys   `[numHeads * kvLoraRank, qkNopeHeadDim]`: per head `Uᵀ`
    /// @param values `[numHeads * vHeadDim, kvLoraRank]`: per head `V`
    record Panels(TextConfig config, PanelMatrix keys, PanelMatrix values)
            implements LatentExpansion {

        @Override
        public void absorb(int head, FloatMatrix queries, FloatMatrix out, Scratch scratch) {
            multiply(queries, scratch.queries, keysOf(head), out);
        }

        @Override
        public void takeOut(int head, FloatMatrix sums, FloatMatrix out, Scratch scratch) {
            multiply(sums, scratch.sums, valuesOf(head), out);
        }

        @Override
        public void widen(int head, FloatMatrix keys, FloatMatrix values, Scratch scratch) {
            PanelMatrix headKeys = keysOf(head);
            for (int p = 0; p < headKeys.numPanels(); p++) {
                Kernels.widenPanel(headKeys, p, scratch.keyPanel);
                for (int i = 0; i < config.qkNopeHeadDim(); i++) {
                    for (int column = 0; column < PANEL_ROWS; column++) {
                        keys.set(i, p * PANEL_ROWS + column, scratch.keyPanel.get(i, column));
                    }
                }
            }
            PanelMatrix headValues = valuesOf(head);
            for (int p = 0; p < headValues.numPanels(); p++) {
                Kernels.widenPanel(headValues, p, scratch.valuePanel);
                for (int i = 0; i < config.kvLoraRank(); i++) {
                    for (int row = 0; row < PANEL_ROWS; row++) {
                        values.set(p * PANEL_ROWS + row, i, scratch.valuePanel.get(i, row));
                    }
                }
            }
        }

        @Override
        public List<Weight> weights() {
            return List.of(keys, values);
        }

        private PanelMatrix keysOf(int head) {
            return keys.rows(head * config.kvLoraRank(), config.kvLoraRank());
        }

        private PanelMatrix valuesOf(int head) {
            return values.rows(head * config.vHeadDim(), config.vHeadDim());
        }

        private static void multiply(
                FloatMatrix x, QuantizedRows scratch, PanelMatrix weight, FloatMatrix out) {
            QuantizedRows quantized = scratch.rows(0, x.numRows());
            Kernels.quantize(x, quantized);
            Kernels.linear(quantized, weight, out, 0, weight.numRows());
        }
    }
}
