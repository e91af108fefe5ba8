package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.QuantizedRows;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;

/// How a layer's latents become each head's keys and values, and how a query is taken into the latent
/// space instead: `U` makes keys of latents, `V` values.
///
/// Source: DeepSeek-V2 report (arXiv 2405.04434), section 2.1.2.
sealed interface LatentExpansion {

    /// One thread's memory for [#absorb] and [#takeOut] of so many rows.
    record Scratch(QuantizedRows queries, QuantizedRows sums) {

        static Scratch take(TextConfig config, int numRows, Workspace.Frame frame) {
            return new Scratch(
                    frame.quantized(numRows, config.qkNopeHeadDim()),
                    frame.quantized(numRows, config.kvLoraRank()));
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

    /// One head's keys, without their rotated part, and values: `U c` and `V c`.
    ///
    /// @param latents `[numRows, kvLoraRank]`, prepared for [#weight]
    /// @param out     `[numRows, qkNopeHeadDim + vHeadDim]`
    void expand(int head, LayerInput latents, FloatMatrix out);

    /// What latents are multiplied with to expand them.
    Weight weight();

    /// Bytes that are read for a generated token.
    long bytesPerToken();

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
        public void expand(int head, LayerInput latents, FloatMatrix out) {
            Kernels.linear(latents.rows(), weight.rows(firstRow(head), out.numColumns()), out);
        }

        @Override
        public long bytesPerToken() {
            return weight.data().byteSize();
        }

        private int firstRow(int head) {
            return head * (config.qkNopeHeadDim() + config.vHeadDim());
        }
    }

    /// Quantised, and the keys' part once more, transposed, so that all is read as it lies.
    ///
    /// @param keys   `[numHeads * kvLoraRank, qkNopeHeadDim]`: per head `Uᵀ`
    /// @param weight `[numHeads * (nope + vHeadDim), kvLoraRank]`: per head `U`, then `V`
    record Panels(TextConfig config, PanelMatrix keys, PanelMatrix weight)
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
        public void expand(int head, LayerInput latents, FloatMatrix out) {
            int headRows = out.numColumns();
            PanelMatrix rows = weight.rows(head * headRows, headRows);
            Kernels.linear(latents.quantized(), rows, out, 0, headRows);
        }

        @Override
        public long bytesPerToken() {
            long values = valuesOf(0).data().byteSize() * config.numHeads();
            return keys.data().byteSize() + values;
        }

        private PanelMatrix keysOf(int head) {
            return keys.rows(head * config.kvLoraRank(), config.kvLoraRank());
        }

        private PanelMatrix valuesOf(int head) {
            int nope = config.qkNopeHeadDim();
            return weight.rows(head * (nope + config.vHeadDim()) + nope, config.vHeadDim());
        }

        private static void multiply(
                FloatMatrix x, QuantizedRows scratch, PanelMatrix weight, FloatMatrix out) {
            QuantizedRows quantized = scratch.rows(0, x.numRows());
            Kernels.quantize(x, quantized);
            Kernels.linear(quantized, weight, out, 0, weight.numRows());
        }
    }
}
