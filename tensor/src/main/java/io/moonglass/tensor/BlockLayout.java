package io.moonglass.tensor;

import static io.moonglass.tensor.PanelPacker.FLOAT16;
import static io.moonglass.tensor.StoredBlocks.WORD;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// How files of other engines store blocks of whole numbers: types of ggml whose values some
/// [PanelType] holds too, exactly but for [#Q4_K].
public enum BlockLayout {
    /// A scale, then 16 bytes: byte i holds weights i (low) and i + 16 (high), each plus 8.
    Q4_0(32, 18, PanelType.Q4) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            for (int i = 0; i < 4; i++) {
                int word = data.get(WORD, at + 2 + 4L * i);
                into.setNumbers(i, lessEight(word & NIBBLES));
                into.setNumbers(4 + i, lessEight(word >>> 4 & NIBBLES));
            }
        }
    },
    /// A scale and a minimum, then 16 bytes as in [#Q4_0], without the 8.
    Q4_1(32, 20, PanelType.Q4A) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            into.setMinimum(data.get(FLOAT16, at + 2));
            for (int i = 0; i < 4; i++) {
                int word = data.get(WORD, at + 4 + 4L * i);
                into.setNumbers(i, word & NIBBLES);
                into.setNumbers(4 + i, word >>> 4 & NIBBLES);
            }
        }
    },
    /// A scale, a fifth bit of each weight, then 16 bytes as in [#Q4_0], with 16 instead of the 8.
    Q5_0(32, 22, PanelType.Q8) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            int fifths = data.get(WORD, at + 2);
            for (int i = 0; i < 4; i++) {
                int word = data.get(WORD, at + 6 + 4L * i);
                int low = word & NIBBLES | fifthBits(fifths >>> 4 * i);
                int high = word >>> 4 & NIBBLES | fifthBits(fifths >>> 16 + 4 * i);
                into.setNumbers(i, lessSixteen(low));
                into.setNumbers(4 + i, lessSixteen(high));
            }
        }
    },
    /// A scale, then 32 signed bytes.
    Q8_0(32, 34, PanelType.Q8) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            for (int i = 0; i < 8; i++) {
                into.setNumbers(i, data.get(WORD, at + 2 + 4L * i));
            }
        }
    },
    /// Eight blocks whose scales and minima are 6-bit numbers times two common factors. A product is
    /// rounded to float16: by one part in 2048 at most, unless it is below 6e-5.
    Q4_K(256, 144, PanelType.Q4A) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            long sixBits = at + 4;
            int scale;
            int minimum;
            if (part < 4) {
                scale = unsigned(data, sixBits + part) & 63;
                minimum = unsigned(data, sixBits + 4 + part) & 63;
            } else {
                int low = unsigned(data, sixBits + 4 + part);
                scale = low & 15 | unsigned(data, sixBits + part - 4) >> 6 << 4;
                minimum = low >> 4 | unsigned(data, sixBits + part) >> 6 << 4;
            }
            into.setScale(product(data.get(FLOAT16, at), scale));
            into.setMinimum(product(data.get(FLOAT16, at + 2), -minimum));
            long numbers = at + 16 + 32L * (part / 2);
            for (int i = 0; i < 8; i++) {
                int word = data.get(WORD, numbers + 4L * i);
                into.setNumbers(i, word >>> part % 2 * 4 & NIBBLES);
            }
        }
    };

    private static final int NIBBLES = 0x0f0f0f0f;

    private final int length;
    private final int bytes;
    private final PanelType panels;

    BlockLayout(int length, int bytes, PanelType panels) {
        this.length = length;
        this.bytes = bytes;
        this.panels = panels;
    }

    /// Weights of a stored block.
    public int length() {
        return length;
    }

    /// Bytes of a stored block.
    public int bytes() {
        return bytes;
    }

    /// The smallest panels that hold these numbers; without minima, [PanelType#Q8] does too.
    public PanelType panels() {
        return panels;
    }

    /// @param at   the stored block's first byte
    /// @param part which 32 weights of it
    abstract void read(MemorySegment data, long at, int part, RowBlock into);

    private static int unsigned(MemorySegment data, long at) {
        return Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, at));
    }

    private static short product(short float16, int factor) {
        return Float.floatToFloat16(Float.float16ToFloat(float16) * factor);
    }

    /// Takes 8 off each of four bytes of at most 15.
    private static int lessEight(int bytes) {
        int flipped = bytes ^ 0x08080808;
        return flipped | (flipped & 0x08080808) * 0x1e; // the upper bits are that of the sign
    }

    /// Takes 16 off each of four bytes of at most 31.
    private static int lessSixteen(int bytes) {
        int flipped = bytes ^ 0x10101010;
        return flipped | (flipped & 0x10101010) * 0x0e;
    }

    /// The lowest four bits, each as the fifth of a byte.
    private static int fifthBits(int bits) {
        return (bits & 1) << 4 | (bits & 2) << 11 | (bits & 4) << 18 | (bits & 8) << 25;
    }
}
