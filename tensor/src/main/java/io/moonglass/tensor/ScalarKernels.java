package io.moonglass.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
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

    private static final ValueLayout.OfFloat SCALE = ValueLayout.JAVA_FLOAT_UNALIGNED;

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
    public void quantize(FloatMatrix x, QuantizedRows out, int fromBlock, int toBlock) {
        for (int row = 0; row < x.numRows(); row++) {
            for (int block = fromBlock; block < toBlock; block++) {
                quantizeBlock(x, out, row, block);
            }
        }
    }

    static void quantizeBlock(FloatMatrix x, QuantizedRows out, int row, int block) {
        int first = block * QuantizedRows.BLOCK_COLUMNS;
        int count = Math.min(QuantizedRows.BLOCK_COLUMNS, x.numColumns() - first);
        float largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, Math.abs(x.get(row, first + i)));
        }
        float inverse = largest == 0 ? 0 : QuantizedRows.LARGEST / largest;
        long at = out.blockOffset(row, block);
        int sum = 0;
        for (int i = 0; i < QuantizedRows.BLOCK_COLUMNS; i++) {
            int code = i < count ? (int) Math.rint(x.get(row, first + i) * inverse) : 0;
            out.data().set(JAVA_BYTE, at + i, (byte) code);
            sum += code;
        }
        out.data().set(SCALE, at + QuantizedRows.SCALE, largest / QuantizedRows.LARGEST);
        out.setSum(at, sum);
    }

    @Override
    public void linear(
            QuantizedRows x, PanelMatrix weight, FloatMatrix out, int fromPanel, int toPanel) {
        int first = fromPanel * PanelMatrix.PANEL_ROWS;
        int last = Math.min(toPanel * PanelMatrix.PANEL_ROWS, weight.numRows());
        for (int row = 0; row < x.numRows(); row++) {
            for (int i = first; i < last; i++) {
                float sum = 0;
                for (int block = 0; block < weight.numBlocks(); block++) {
                    long at = x.blockOffset(row, block);
                    float dot = dot(x, row, weight, i, block);
                    float scale = scale(weight, i, block);
                    float rowScale = x.data().get(SCALE, at + QuantizedRows.SCALE);
                    if (weight.type().hasMinima()) {
                        float least = minimum(weight, i, block) * x.sum(at);
                        sum = Math.fma(Math.fma(dot, scale, least), rowScale, sum);
                    } else {
                        sum = Math.fma(dot, scale * rowScale, sum);
                    }
                }
                out.set(row, i, sum);
            }
        }
    }

    private static int dot(QuantizedRows x, int row, PanelMatrix weight, int i, int block) {
        int sum = 0;
        for (int k = 0; k < QuantizedRows.BLOCK_COLUMNS; k++) {
            sum +=
                    x.data().get(JAVA_BYTE, x.blockOffset(row, block) + k)
                            * code(weight, i, block * QuantizedRows.BLOCK_COLUMNS + k);
        }
        return sum;
    }

    /// The whole number that is stored for a weight.
    static int code(PanelMatrix weight, int row, int column) {
        PanelType type = weight.type();
        int panel = row / PanelMatrix.PANEL_ROWS;
        int inBlock = column % QuantizedRows.BLOCK_COLUMNS;
        int columns = QuantizedRows.BLOCK_COLUMNS / type.numGroups();
        long at =
                weight.blockOffset(panel, column / QuantizedRows.BLOCK_COLUMNS)
                        + (long) inBlock / columns * PanelMatrix.GROUP_BYTES
                        + row % PanelMatrix.PANEL_ROWS * 4L
                        + inBlock % 4;
        int stored = Byte.toUnsignedInt(weight.data().get(JAVA_BYTE, at));
        return switch (type) {
                    case Q4, Q4A -> inBlock % columns < 4 ? stored & 15 : stored >> 4;
                    case Q8 -> stored;
                }
                - type.offset();
    }

    /// The scale of a row's block.
    static float scale(PanelMatrix weight, int row, int block) {
        long at =
                weight.scaleOffset(row / PanelMatrix.PANEL_ROWS, block)
                        + row % PanelMatrix.PANEL_ROWS * 2L;
        return Float.float16ToFloat(weight.data().get(PanelPacker.FLOAT16, at));
    }

    /// The minimum of a row's block; where its type has none, -0, which changes no sum.
    static float minimum(PanelMatrix weight, int row, int block) {
        if (!weight.type().hasMinima()) {
            return -0f;
        }
        long at =
                weight.minimumOffset(row / PanelMatrix.PANEL_ROWS, block)
                        + row % PanelMatrix.PANEL_ROWS * 2L;
        return Float.float16ToFloat(weight.data().get(PanelPacker.FLOAT16, at));
    }

    @Override
    public void findScales(PanelBlock block) {
        ScalarPacking.findScales(block);
    }

    @Override
    public void writeCodes(PanelBlock block, MemorySegment target, long offset) {
        ScalarPacking.writeCodes(block, target, offset);
    }

    @Override
    public void attend(HeadAttention attention, WeightMatrix rows, MemorySegment next) {
        for (int head = 0; head < HeadAttention.HEADS; head++) {
            float largest = attention.maxima().get(0, head);
            for (int token = 0; token < rows.numRows(); token++) {
                float score = 0;
                for (int k = 0; k < rows.numColumns(); k++) {
                    int i = HeadAttention.order(rows.type(), k, rows.numColumns());
                    float query = attention.queries().get(i, head);
                    score = Math.fma(query, element(rows, token, i), score);
                }
                attention.scores().set(token, head, score);
                largest = Math.max(largest, score);
            }
            attendHead(attention, rows, head, largest);
        }
    }

    private static void attendHead(
            HeadAttention attention, WeightMatrix rows, int head, float largest) {
        FloatMatrix sums = attention.sums();
        float shrink = Exponential.exp(attention.maxima().get(0, head) - largest);
        float total = attention.totals().get(0, head) * shrink;
        for (int i = 0; i < sums.numColumns(); i++) {
            sums.set(head, i, sums.get(head, i) * shrink);
        }
        for (int token = 0; token < rows.numRows(); token++) {
            float weight = Exponential.exp(attention.scores().get(token, head) - largest);
            if (rows.type() == ElementType.BF16) {
                weight = Bfloat16.rounded(weight);
            }
            attention.scores().set(token, head, weight);
            total += weight;
        }
        for (int k = 0; k < rows.numRows(); k++) {
            int token = HeadAttention.order(rows.type(), k, rows.numRows());
            float weight = attention.scores().get(token, head);
            for (int i = 0; i < sums.numColumns(); i++) {
                sums.set(head, i, Math.fma(weight, element(rows, token, i), sums.get(head, i)));
            }
        }
        attention.maxima().set(0, head, largest);
        attention.totals().set(0, head, total);
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
    public void scale(MemorySegment x, long offset, int length, float factor) {
        for (int i = 0; i < length; i++) {
            x.setAtIndex(JAVA_FLOAT, offset + i, x.getAtIndex(JAVA_FLOAT, offset + i) * factor);
        }
    }

    @Override
    public void exponentials(float[] x, float max, float factor) {
        exponentials(x, 0, max, factor);
    }

    static void exponentials(float[] x, int from, float max, float factor) {
        for (int i = from; i < x.length; i++) {
            float exponent = (x[i] - max) * factor;
            x[i] = Float.isNaN(exponent) ? 0 : exp(exponent);
        }
    }

    @Override
    public void siluGate(
            MemorySegment gate, MemorySegment up, MemorySegment out, long offset, int length) {
        for (long i = offset; i < offset + length; i++) {
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
    public void addBias(MemorySegment x, long offset, float[] bias, int from, int length) {
        for (int i = 0; i < length; i++) {
            float sum = x.getAtIndex(JAVA_FLOAT, offset + i) + bias[from + i];
            x.setAtIndex(JAVA_FLOAT, offset + i, sum);
        }
    }

    @Override
    public void addBiased(
            MemorySegment x, float[] bias, MemorySegment out, long offset, int from, int length) {
        for (int i = 0; i < length; i++) {
            float sum = x.getAtIndex(JAVA_FLOAT, offset + i) + bias[from + i];
            out.setAtIndex(JAVA_FLOAT, offset + i, sum + out.getAtIndex(JAVA_FLOAT, offset + i));
        }
    }

    @Override
    public void gelu(Gelu form, MemorySegment x, long offset, float[] bias, int from, int length) {
        for (int i = 0; i < length; i++) {
            float z = x.getAtIndex(JAVA_FLOAT, offset + i) + bias[from + i];
            x.setAtIndex(JAVA_FLOAT, offset + i, form.of(z));
        }
    }

    @Override
    public void attend(
            WeightMatrix queries,
            KeyValueTiles tiles,
            int firstVisible,
            int visibleStep,
            boolean begins,
            boolean ends,
            MemorySegment scratch,
            MemorySegment out,
            long outOffset,
            long outStride) {
        ScalarTiles.attend(
                queries,
                tiles,
                firstVisible,
                visibleStep,
                begins,
                ends,
                scratch,
                out,
                outOffset,
                outStride);
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

    @Override
    public void narrowRow(MemorySegment x, long offset, WeightMatrix weight, int row) {
        for (int i = 0; i < weight.numColumns(); i++) {
            setElement(weight, row, i, x.getAtIndex(JAVA_FLOAT, offset + i));
        }
    }

    @Override
    public void narrowRow(MemorySegment x, long offset, ByteRows out, int row) {
        narrow(x, offset, out, row);
    }

    static void narrow(MemorySegment x, long offset, ByteRows out, int row) {
        for (int from = 0; from < out.numColumns(); from += ByteRows.BLOCK) {
            int to = Math.min(from + ByteRows.BLOCK, out.numColumns());
            float largest = 0;
            for (int i = from; i < to; i++) {
                largest = Math.max(largest, Math.abs(x.getAtIndex(JAVA_FLOAT, offset + i)));
            }
            float factor = largest / ByteRows.LARGEST;
            out.setFactor(row, from / ByteRows.BLOCK, factor);
            float inverse = factor == 0 ? 0 : 1 / factor;
            for (int i = from; i < to; i++) {
                float value = x.getAtIndex(JAVA_FLOAT, offset + i) * inverse;
                out.data().set(JAVA_BYTE, out.numbers(row) + i, (byte) Math.rint(value));
            }
        }
    }

    @Override
    public void widenRow(ByteRows rows, int row, WeightMatrix out, int outRow) {
        for (int i = 0; i < rows.numColumns(); i++) {
            float factor = rows.factor(row, i / ByteRows.BLOCK);
            byte number = rows.data().get(JAVA_BYTE, rows.numbers(row) + i);
            setElement(out, outRow, i, number * factor);
        }
    }

    static void setElement(WeightMatrix weight, int row, int column, float value) {
        long index = (long) row * weight.numColumns() + column;
        switch (weight.type()) {
            case F32 -> weight.data().set(F32, index * Float.BYTES, value);
            case BF16 -> weight.data().set(BF16, index * Short.BYTES, (short) Bfloat16.bits(value));
        }
    }
}
