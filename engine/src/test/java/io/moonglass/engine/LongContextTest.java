package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// A prompt as long as the model's context, against double arithmetic. Most of its chunks are not computed: random rows
/// stand in the cache for them, which attention cannot tell from others.
class LongContextTest {

    private static final int NUM_TOKENS = 131_000;
    private static final int CHUNK = 512;

    /// One chunk of so many is computed, and those that are looked at.
    private static final int COMPUTED = 16;

    @Test
    void attention_past_position_100_000_equals_a_double_reference_and_only_the_cache_grows() {
        try (Arena arena = Arena.ofShared();
                TinyDecoder decoder = new TinyDecoder(2, KvCache.blocksFor(NUM_TOKENS))) {
            int[] tokenIds = decoder.randomTokens(NUM_TOKENS, 131);
            BlockTable blocks = new BlockTable();
            Recorder recorder = new Recorder();
            long workspaceAfterFirst = 0;
            for (int from = 0; from < NUM_TOKENS; from += CHUNK) {
                int to = Math.min(from + CHUNK, NUM_TOKENS);
                recorder.first = from;
                boolean isComputed = from / CHUNK % COMPUTED == 0 || recorder.wants(from, to);
                try (Arena step = Arena.ofShared()) {
                    if (!isComputed) {
                        putRandomRows(decoder, blocks, from, to, step);
                        continue;
                    }
                    decoder.run(
                            blocks,
                            tokenIds,
                            from,
                            to,
                            Chunk.Form.EXPANDED,
                            step,
                            recorder.wants(from, to) ? recorder : DecoderObserver.NONE);
                }
                if (from == 0) {
                    workspaceAfterFirst = decoder.workspace().reservedBytes();
                }
            }
            assertEquals(workspaceAfterFirst, decoder.workspace().reservedBytes());
            assertEquals(
                    (long) KvCache.blocksFor(NUM_TOKENS)
                            * KvCache.blockBytes(decoder.config(), CacheType.F32),
                    decoder.cache().reservedBytes());
            for (int position : Recorder.POSITIONS) {
                for (int layer = 0; layer < decoder.config().numLayers(); layer++) {
                    compare(decoder, blocks, tokenIds, recorder, layer, position);
                }
            }
        }
    }

    private static void putRandomRows(
            TinyDecoder decoder, BlockTable blocks, int from, int to, Arena arena) {
        assertTrue(decoder.cache().tryReserve(blocks, to));
        Random random = new Random(from);
        int rowSize = decoder.config().cacheRowSize();
        FloatMatrix rows = FloatMatrix.allocate(arena, to - from, rowSize);
        for (int layer = 0; layer < decoder.config().numLayers(); layer++) {
            for (int i = 0; i < rows.numRows(); i++) {
                for (int column = 0; column < rowSize; column++) {
                    rows.set(i, column, (float) random.nextGaussian());
                }
                int position = from + i;
                int block = blocks.block(position / KvCache.BLOCK_SIZE);
                decoder.cache().put(layer, block, position % KvCache.BLOCK_SIZE, rows, i);
            }
        }
    }

    private static void compare(
            TinyDecoder decoder,
            BlockTable blocks,
            int[] tokenIds,
            Recorder recorder,
            int layer,
            int position) {
        DoubleAttention reference = new DoubleAttention(decoder, layer);
        double[] expected =
                reference.attend(
                        recorder.hidden.get(layer).get(position),
                        position,
                        p -> cacheRow(decoder, blocks, layer, p));
        float[] actual = recorder.attention.get(layer).get(position);
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            worst = Math.max(worst, Math.abs(expected[i] - actual[i]));
        }
        assertTrue(
                worst <= 1e-4 * largest,
                "layer %d, position %d: off by %.2e of the largest value"
                        .formatted(layer, position, worst / largest));
        if (layer == 0) {
            assertCacheRow(decoder, blocks, reference, tokenIds, position);
        }
    }

    /// The first layer's keys follow from the embeddings alone, so they too are checked in double.
    private static void assertCacheRow(
            TinyDecoder decoder,
            BlockTable blocks,
            DoubleAttention reference,
            int[] tokenIds,
            int position) {
        FloatMatrix read = FloatMatrix.allocate(Arena.ofAuto(), 1, decoder.config().hiddenSize());
        decoder.weights().embedding().read(tokenIds[position], read, 0);
        float[] embedding = read.toArray();
        double[] expected = reference.cacheRow(embedding, position);
        double[] actual = cacheRow(decoder, blocks, 0, position);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], 1e-4, "cache row of position " + position);
        }
    }

    private static double[] cacheRow(
            TinyDecoder decoder, BlockTable blocks, int layer, int position) {
        WeightMatrix rows =
                decoder.cache()
                        .rows(
                                layer,
                                blocks.block(position / KvCache.BLOCK_SIZE),
                                KvCache.BLOCK_SIZE,
                                null);
        double[] row = new double[rows.numColumns()];
        for (int i = 0; i < row.length; i++) {
            long index = (long) position % KvCache.BLOCK_SIZE * row.length + i;
            row[i] = rows.data().getAtIndex(ValueLayout.JAVA_FLOAT, index);
        }
        return row;
    }

    /// Keeps attention's input and output at a few positions.
    private static final class Recorder implements DecoderObserver {
        static final int[] POSITIONS = {100_001, 116_479, 130_999};

        int first;
        final Map<Integer, Map<Integer, float[]>> hidden = new HashMap<>();
        final Map<Integer, Map<Integer, float[]>> attention = new HashMap<>();

        boolean wants(int from, int to) {
            for (int position : POSITIONS) {
                if (from <= position && position < to) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void hidden(int index, FloatMatrix rows) {
            keep(rows, hidden, index);
        }

        @Override
        public void attention(int layer, FloatMatrix rows) {
            keep(rows, attention, layer);
        }

        private void keep(FloatMatrix rows, Map<Integer, Map<Integer, float[]>> kept, int layer) {
            for (int position : POSITIONS) {
                if (wants(position, position + 1)
                        && first <= position
                        && position < first + rows.numRows()) {
                    kept.computeIfAbsent(layer, _ -> new HashMap<>())
                            .put(position, rows.rows(position - first, 1).toArray());
                }
            }
        }
    }

    /// One layer's attention of one token, from the formulas, in double precision.
    private static final class DoubleAttention {
        private final TextConfig config;
        private final LayerWeights layer;
        private final double[][] query;
        private final double[][] latentAndKey;
        private final double[][] keyValue;
        private final double[][] output;

        DoubleAttention(TinyDecoder decoder, int layer) {
            this.config = decoder.config();
            this.layer = decoder.weights().layers().get(layer);
            AttentionWeights weights = this.layer.attention();
            this.query = widen(weights.query());
            this.latentAndKey = widen(weights.latentAndKey());
            this.keyValue = widen(weights.expansion().weight());
            this.output = widen(weights.output());
        }

        interface CacheRows {
            double[] at(int position);
        }

        double[] cacheRow(float[] hidden, int position) {
            double[] x = norm(widen(hidden), layer.inputNorm(), config.rmsNormEps());
            double[] row = multiply(latentAndKey, 0, x, config.cacheRowSize());
            double[] latent = Arrays.copyOf(row, config.kvLoraRank());
            latent = norm(latent, layer.attention().latentNorm(), 1e-6);
            System.arraycopy(latent, 0, row, 0, latent.length);
            rotate(row, config.kvLoraRank(), position);
            return row;
        }

        double[] attend(float[] hidden, int position, CacheRows cache) {
            int nope = config.qkNopeHeadDim();
            int rope = config.qkRopeHeadDim();
            int valueDim = config.vHeadDim();
            double[] x = norm(widen(hidden), layer.inputNorm(), config.rmsNormEps());
            double[] q = multiply(query, 0, x, config.numHeads() * (nope + rope));
            double[] heads = new double[config.numHeads() * valueDim];
            for (int head = 0; head < config.numHeads(); head++) {
                rotate(q, head * (nope + rope) + nope, position);
                double[] scores = new double[position + 1];
                double[][] values = new double[position + 1][];
                double max = Double.NEGATIVE_INFINITY;
                for (int p = 0; p <= position; p++) {
                    double[] row = cache.at(p);
                    double[] expanded =
                            multiply(keyValue, head * (nope + valueDim), row, nope + valueDim);
                    double score = 0;
                    for (int i = 0; i < nope; i++) {
                        score += q[head * (nope + rope) + i] * expanded[i];
                    }
                    for (int i = 0; i < rope; i++) {
                        score += q[head * (nope + rope) + nope + i] * row[config.kvLoraRank() + i];
                    }
                    scores[p] = score / Math.sqrt(nope + rope);
                    values[p] = expanded;
                    max = Math.max(max, scores[p]);
                }
                double total = 0;
                for (int p = 0; p <= position; p++) {
                    double weight = Math.exp(scores[p] - max);
                    total += weight;
                    for (int i = 0; i < valueDim; i++) {
                        heads[head * valueDim + i] += weight * values[p][nope + i];
                    }
                }
                for (int i = 0; i < valueDim; i++) {
                    heads[head * valueDim + i] /= total;
                }
            }
            return multiply(output, 0, heads, config.hiddenSize());
        }

        private void rotate(double[] values, int from, int position) {
            for (int i = 0; i < config.qkRopeHeadDim(); i += 2) {
                double angle =
                        position
                                * Math.pow(
                                        config.ropeTheta(), -(double) i / config.qkRopeHeadDim());
                double a = values[from + i];
                double b = values[from + i + 1];
                values[from + i] = a * Math.cos(angle) - b * Math.sin(angle);
                values[from + i + 1] = b * Math.cos(angle) + a * Math.sin(angle);
            }
        }

        private static double[] norm(double[] x, float[] weight, double eps) {
            double squares = 0;
            for (double value : x) {
                squares += value * value;
            }
            double[] out = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                out[i] = x[i] / Math.sqrt(squares / x.length + eps) * weight[i];
            }
            return out;
        }

        private static double[] multiply(double[][] weight, int firstRow, double[] x, int rows) {
            double[] out = new double[rows];
            for (int row = 0; row < rows; row++) {
                double[] factors = weight[firstRow + row];
                for (int i = 0; i < factors.length; i++) {
                    out[row] += factors[i] * x[i];
                }
            }
            return out;
        }

        private static double[][] widen(Weight stored) {
            WeightMatrix weight = (WeightMatrix) stored;
            double[][] wide = new double[weight.numRows()][weight.numColumns()];
            for (int row = 0; row < wide.length; row++) {
                for (int i = 0; i < wide[row].length; i++) {
                    wide[row][i] = element(weight, row, i);
                }
            }
            return wide;
        }

        static double element(WeightMatrix weight, int row, int column) {
            assertEquals(ElementType.BF16, weight.type());
            long index = (long) row * weight.numColumns() + column;
            short bits = weight.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * index);
            return Float.intBitsToFloat(bits << 16);
        }

        private static double[] widen(float[] values) {
            double[] wide = new double[values.length];
            for (int i = 0; i < wide.length; i++) {
                wide[i] = values[i];
            }
            return wide;
        }
    }
}
