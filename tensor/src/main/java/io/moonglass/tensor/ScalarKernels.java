package io.moonglass.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The definition of every kernel, in plain loops.
final class ScalarKernels implements KernelSet {

    static final ValueLayout.OfFloat F32 =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfShort BF16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public void linear(
            FloatMatrix x, WeightMatrix weight, FloatMatrix out, int fromRow, int toRow) {
        for (int row = 0; row < x.numRows(); row++) {
            for (int i = fromRow; i < toRow; i++) {
                float sum = 0;
                for (int k = 0; k < weight.numColumns(); k++) {
                    sum = Math.fma(x.get(row, k), element(weight, i, k), sum);
                }
                out.set(row, i, sum);
            }
        }
    }

    @Override
    public void addTransposedLinear(
            FloatMatrix x, WeightMatrix weight, int numColumns, FloatMatrix out, int outColumn) {
        for (int row = 0; row < x.numRows(); row++) {
            for (int i = 0; i < weight.numRows(); i++) {
                float factor = x.get(row, i);
                for (int k = 0; k < numColumns; k++) {
                    float sum = out.get(row, outColumn + k);
                    out.set(row, outColumn + k, Math.fma(factor, element(weight, i, k), sum));
                }
            }
        }
    }

    @Override
    public void rmsNorm(FloatMatrix x, float[] weight, float eps, FloatMatrix out) {
        int size = x.numColumns();
        for (int row = 0; row < x.numRows(); row++) {
            float squares = 0;
            for (int i = 0; i < size; i++) {
                squares = Math.fma(x.get(row, i), x.get(row, i), squares);
            }
            float scale = (float) (1 / Math.sqrt(squares / size + eps));
            for (int i = 0; i < size; i++) {
                out.set(row, i, x.get(row, i) * scale * weight[i]);
            }
        }
    }

    @Override
    public void layerNorm(FloatMatrix x, float[] weight, float[] bias, float eps, FloatMatrix out) {
        int size = x.numColumns();
        for (int row = 0; row < x.numRows(); row++) {
            float sum = 0;
            for (int i = 0; i < size; i++) {
                sum += x.get(row, i);
            }
            float mean = sum / size;
            float squares = 0;
            for (int i = 0; i < size; i++) {
                float centred = x.get(row, i) - mean;
                squares = Math.fma(centred, centred, squares);
            }
            float scale = (float) (1 / Math.sqrt(squares / size + eps));
            for (int i = 0; i < size; i++) {
                out.set(row, i, Math.fma((x.get(row, i) - mean) * scale, weight[i], bias[i]));
            }
        }
    }

    @Override
    public void rotary(
            MemorySegment x,
            long offset,
            MemorySegment cos,
            MemorySegment sin,
            long table,
            int dim) {
        for (int i = 0; i < dim; i += 2) {
            float a = x.getAtIndex(JAVA_FLOAT, offset + i);
            float b = x.getAtIndex(JAVA_FLOAT, offset + i + 1);
            float cosine = cos.getAtIndex(JAVA_FLOAT, table + i);
            float sine = sin.getAtIndex(JAVA_FLOAT, table + i + 1);
            x.setAtIndex(JAVA_FLOAT, offset + i, a * cosine - b * sine);
            x.setAtIndex(JAVA_FLOAT, offset + i + 1, b * cosine + a * sine);
        }
    }

    @Override
    public float max(MemorySegment x, long offset, int length) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < length; i++) {
            max = Math.max(max, x.getAtIndex(JAVA_FLOAT, offset + i));
        }
        return max;
    }

    @Override
    public float exponentials(MemorySegment x, long offset, int length, float scale, float shift) {
        float sum = 0;
        for (int i = 0; i < length; i++) {
            float value = exp(Math.fma(x.getAtIndex(JAVA_FLOAT, offset + i), scale, -shift));
            x.setAtIndex(JAVA_FLOAT, offset + i, value);
            sum += value;
        }
        return sum;
    }

    @Override
    public void scale(MemorySegment x, long offset, int length, float factor) {
        for (int i = 0; i < length; i++) {
            x.setAtIndex(JAVA_FLOAT, offset + i, x.getAtIndex(JAVA_FLOAT, offset + i) * factor);
        }
    }

    @Override
    public void siluGate(MemorySegment gate, MemorySegment up, MemorySegment out, long length) {
        for (long i = 0; i < length; i++) {
            float g = gate.getAtIndex(JAVA_FLOAT, i);
            out.setAtIndex(JAVA_FLOAT, i, g / (1 + exp(-g)) * up.getAtIndex(JAVA_FLOAT, i));
        }
    }

    @Override
    public void addScaled(
            MemorySegment x,
            long xOffset,
            float factor,
            MemorySegment out,
            long outOffset,
            int length) {
        for (int i = 0; i < length; i++) {
            float sum = out.getAtIndex(JAVA_FLOAT, outOffset + i);
            out.setAtIndex(
                    JAVA_FLOAT,
                    outOffset + i,
                    Math.fma(factor, x.getAtIndex(JAVA_FLOAT, xOffset + i), sum));
        }
    }

    @Override
    public void widenRow(WeightMatrix weight, int row, MemorySegment out, long outOffset) {
        for (int k = 0; k < weight.numColumns(); k++) {
            out.setAtIndex(JAVA_FLOAT, outOffset + k, element(weight, row, k));
        }
    }

    @Override
    public void tileScores(
            MemorySegment q,
            long qOffset,
            long qStride,
            int dim,
            MemorySegment keys,
            MemorySegment scores) {
        for (int query = 0; query < Kernels.TILE_QUERIES; query++) {
            for (int key = 0; key < Kernels.TILE_KEYS; key++) {
                float sum = 0;
                for (int i = 0; i < dim; i++) {
                    sum =
                            Math.fma(
                                    q.getAtIndex(JAVA_FLOAT, qOffset + query * qStride + i),
                                    keys.getAtIndex(JAVA_FLOAT, (long) i * Kernels.TILE_KEYS + key),
                                    sum);
                }
                scores.setAtIndex(JAVA_FLOAT, (long) query * Kernels.TILE_KEYS + key, sum);
            }
        }
    }

    @Override
    public void tileValues(
            MemorySegment weights,
            MemorySegment values,
            int dim,
            MemorySegment out,
            long outOffset,
            long outStride) {
        for (int query = 0; query < Kernels.TILE_QUERIES; query++) {
            for (int i = 0; i < dim; i++) {
                long target = outOffset + query * outStride + i;
                float sum = out.getAtIndex(JAVA_FLOAT, target);
                for (int key = 0; key < Kernels.TILE_KEYS; key++) {
                    sum =
                            Math.fma(
                                    weights.getAtIndex(
                                            JAVA_FLOAT, (long) query * Kernels.TILE_KEYS + key),
                                    values.getAtIndex(JAVA_FLOAT, (long) key * dim + i),
                                    sum);
                }
                out.setAtIndex(JAVA_FLOAT, target, sum);
            }
        }
    }

    static float element(WeightMatrix weight, int row, int column) {
        long index = (long) row * weight.numColumns() + column;
        return switch (weight.type()) {
            case F32 -> weight.data().get(F32, index * Float.BYTES);
            case BF16 -> Float.intBitsToFloat(weight.data().get(BF16, index * Short.BYTES) << 16);
        };
    }

    /// exp in single precision, correctly rounded but for double rounding.
    private static float exp(float x) {
        return (float) Math.exp(x);
    }
}
