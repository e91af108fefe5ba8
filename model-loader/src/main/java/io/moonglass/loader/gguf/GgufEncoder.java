package io.moonglass.loader.gguf;

import static io.moonglass.loader.gguf.ElementBlocks.FLOAT;
import static io.moonglass.loader.gguf.ElementBlocks.SHORT;

import io.moonglass.tensor.Bfloat16;
import io.moonglass.tensor.BlockRounding;
import io.moonglass.tensor.PanelType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Writes floats as elements of a tensor of a GGUF file. Q4_0 and Q8_0 get the scales and whole numbers that packed
/// panels of the same width get. One thread uses an instance.
public abstract sealed class GgufEncoder {

    private final GgmlType type;

    private GgufEncoder(GgmlType type) {
        this.type = type;
    }

    /// @param type F32, F16, BF16, Q8_0 or Q4_0
    public static GgufEncoder of(GgmlType type) {
        return switch (type) {
            case F32, F16, BF16 -> new Single(type);
            case Q4_0, Q8_0 -> new Rounded(type);
            case Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS ->
                    throw new IllegalArgumentException(
                            type + " is only read; want F32, F16, BF16, Q8_0 or Q4_0");
        };
    }

    public GgmlType type() {
        return type;
    }

    /// Writes whole blocks.
    ///
    /// @param values finite numbers, from index `at`
    /// @param size   of them; a multiple of the type's block
    /// @param offset in bytes, in `target`
    /// @throws IllegalArgumentException if a value is not finite or too large for the type
    public final void encode(float[] values, int at, int size, MemorySegment target, long offset) {
        if (size % type.blockLength() != 0) {
            throw new IllegalArgumentException(
                    "%d values in %s; want a multiple of %d"
                            .formatted(size, type, type.blockLength()));
        }
        write(values, at, size, target, offset);
    }

    abstract void write(float[] values, int at, int size, MemorySegment target, long offset);

    private static final class Single extends GgufEncoder {

        Single(GgmlType type) {
            super(type);
        }

        @Override
        void write(float[] values, int at, int size, MemorySegment target, long offset) {
            for (int i = 0; i < size; i++) {
                float value = values[at + i];
                switch (type()) {
                    case F32 -> target.set(FLOAT, offset + 4L * i, checked(value, value));
                    case F16 -> {
                        short bits = Float.floatToFloat16(value);
                        checked(value, Float.float16ToFloat(bits));
                        target.set(SHORT, offset + 2L * i, bits);
                    }
                    case BF16 -> {
                        int bits = Bfloat16.bits(value);
                        checked(value, Float.intBitsToFloat(bits << 16));
                        target.set(SHORT, offset + 2L * i, (short) bits);
                    }
                    case Q4_0,
                            Q4_1,
                            Q5_0,
                            Q5_1,
                            Q8_0,
                            Q2_K,
                            Q3_K,
                            Q4_K,
                            Q5_K,
                            Q6_K,
                            IQ4_NL,
                            IQ4_XS ->
                            throw new IllegalStateException(type() + " is stored in blocks");
                }
            }
        }

        private float checked(float value, float stored) {
            if (!Float.isFinite(stored)) {
                throw new IllegalArgumentException(
                        "a weight of %s in %s; want finite numbers, at most 65504 in F16"
                                .formatted(value, type()));
            }
            return stored;
        }
    }

    private static final class Rounded extends GgufEncoder {

        private final BlockRounding rounding;

        Rounded(GgmlType type) {
            super(type);
            rounding = new BlockRounding(type == GgmlType.Q4_0 ? PanelType.Q4 : PanelType.Q8);
        }

        @Override
        void write(float[] values, int at, int size, MemorySegment target, long offset) {
            int length = BlockRounding.BLOCK_LENGTH;
            for (int done = 0; done < size; done += BlockRounding.MAX_BLOCKS * length) {
                int numBlocks = Math.min(BlockRounding.MAX_BLOCKS, (size - done) / length);
                rounding.round(values, at + done, numBlocks);
                for (int block = 0; block < numBlocks; block++) {
                    writeBlock(block, target, offset);
                    offset += type().blockBytes();
                }
            }
        }

        private void writeBlock(int block, MemorySegment target, long offset) {
            target.set(SHORT, offset, rounding.scale(block));
            long codes = offset + Short.BYTES;
            if (type() == GgmlType.Q8_0) {
                for (int j = 0; j < BlockRounding.BLOCK_LENGTH; j++) {
                    target.set(ValueLayout.JAVA_BYTE, codes + j, (byte) rounding.code(block, j));
                }
                return;
            }
            int half = BlockRounding.BLOCK_LENGTH / 2;
            for (int j = 0; j < half; j++) {
                int low = rounding.code(block, j) + 8;
                int high = rounding.code(block, j + half) + 8;
                target.set(ValueLayout.JAVA_BYTE, codes + j, (byte) (low | high << 4));
            }
        }
    }
}
