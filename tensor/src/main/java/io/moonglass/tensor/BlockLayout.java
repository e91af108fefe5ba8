package io.moonglass.tensor;

import static io.moonglass.tensor.PanelPacker.FLOAT16;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// How files of other engines store blocks of whole numbers: types of ggml whose values some
/// [PanelType] holds too, exactly but for [#Q4_K] and [#IQ4_XS].
public enum BlockLayout {
    /// A scale, then 16 bytes: byte i holds weights i (low) and i + 16 (high), each plus 8.
    Q4_0(32, 18, 8, PanelType.Q4) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            for (int i = 0; i < 2; i++) {
                long both = data.get(EIGHT, at + 2 + 8L * i);
                into.setNumbers(i, both & NIBBLES);
                into.setNumbers(2 + i, both >>> 4 & NIBBLES);
            }
        }
    },
    /// A scale and a minimum, then 16 bytes as in [#Q4_0], without the 8.
    Q4_1(32, 20, 0, PanelType.Q4A) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            into.setMinimum(data.get(FLOAT16, at + 2));
            for (int i = 0; i < 2; i++) {
                long both = data.get(EIGHT, at + 4 + 8L * i);
                into.setNumbers(i, both & NIBBLES);
                into.setNumbers(2 + i, both >>> 4 & NIBBLES);
            }
        }
    },
    /// A scale, a fifth bit of each weight, then 16 bytes as in [#Q4_0], with 16 instead of the 8.
    Q5_0(32, 22, 16, PanelType.Q8) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            int fifths = data.get(StoredBlocks.WORD, at + 2);
            for (int i = 0; i < 2; i++) {
                long both = data.get(EIGHT, at + 6 + 8L * i);
                long low = both & NIBBLES | fifthBits(fifths >>> 8 * i);
                long high = both >>> 4 & NIBBLES | fifthBits(fifths >>> 16 + 8 * i);
                into.setNumbers(i, low);
                into.setNumbers(2 + i, high);
            }
        }
    },
    /// A scale, then 32 signed bytes.
    Q8_0(32, 34, 0, PanelType.Q8) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            for (int i = 0; i < 4; i++) {
                into.setNumbers(i, data.get(EIGHT, at + 2 + 8L * i));
            }
        }
    },
    /// A scale, then 16 bytes as in [#Q4_0], each half of which chooses from [#CODEBOOK].
    IQ4_NL(32, 18, 0, PanelType.Q8) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            readCodes(data, at + 2, into);
        }
    },
    /// 16 blocks of 16 weights, each -4 to 3 times a 6-bit number times a common factor: 32 bytes of third bits, 64 of
    /// the other two, 12 of 6-bit numbers, the factor. Two blocks are one of 32 whose numbers are the products, -124 to
    /// 128; with the opposite sign, which the scale takes back, all of them fit.
    Q3_K(256, 110, 0, PanelType.Q8) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale((short) (data.get(FLOAT16, at + 108) ^ 0x8000));
            for (int i = 0; i < 4; i++) {
                long pairs = data.get(EIGHT, at + 32 + 32L * (part / 4) + 8L * i);
                long thirds = data.get(EIGHT, at + 8L * i);
                long codes = pairs >>> part % 4 * 2 & PAIRS | (thirds >>> part & ONES) << 2;
                int scale = q3Scale(data, at + 96, 2 * part + i / 2);
                long numbers = 0;
                for (int j = 0; j < Long.SIZE; j += Byte.SIZE) {
                    int number = (4 - (int) (codes >>> j & 7)) * scale;
                    numbers |= (number & 0xffL) << j;
                }
                into.setNumbers(i, numbers);
            }
        }

        /// Of 16 weights: the low four bits in a nibble of the first eight bytes, the high two in the last four.
        private int q3Scale(MemorySegment data, long scales, int block) {
            int low = unsigned(data, scales + block % 8) >> block / 8 * 4 & 15;
            int high = unsigned(data, scales + 8 + block % 4) >> block / 4 * 2 & 3;
            return (low | high << 4) - 32;
        }
    },
    /// Eight blocks whose scales and minima are 6-bit numbers times two common factors. A product is
    /// rounded to float16: by one part in 2048 at most, unless it is below 6e-5.
    Q4_K(256, 144, 0, PanelType.Q4A) {
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
            for (int i = 0; i < 4; i++) {
                long both = data.get(EIGHT, numbers + 8L * i);
                into.setNumbers(i, both >>> part % 2 * 4 & NIBBLES);
            }
        }
    },
    /// Eight blocks as in [#IQ4_NL] whose scales are 6-bit numbers times a common factor, rounded as in [#Q4_K]: the
    /// factor, two high bits of each number, four low ones, then the blocks' bytes.
    IQ4_XS(256, 136, 0, PanelType.Q8) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            int high = data.get(StoredBlocks.WORD, at) >>> 16 + 2 * part & 3;
            int low = data.get(StoredBlocks.WORD, at + 4) >>> 4 * part & 15;
            into.setScale(product(data.get(FLOAT16, at), (low | high << 4) - 32));
            readCodes(data, at + 8 + 16L * part, into);
        }
    };

    private static final ValueLayout.OfLong EIGHT =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long NIBBLES = 0x0f0f0f0f0f0f0f0fL;
    private static final long PAIRS = 0x0303030303030303L;
    private static final long ONES = 0x0101010101010101L;

    /// Steps that are finer around zero, where most weights are.
    private static final byte[] CODEBOOK = {
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
    };

    private final int length;
    private final int bytes;
    private final int offset;
    private final PanelType panels;

    BlockLayout(int length, int bytes, int offset, PanelType panels) {
        this.length = length;
        this.bytes = bytes;
        this.offset = offset;
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

    /// What was added to each number so that it has no sign; 0 where they are signed or all positive.
    int offset() {
        return offset;
    }

    /// The smallest panels that hold these numbers; without minima, [PanelType#Q8] does too.
    public PanelType panels() {
        return panels;
    }

    /// The number that a code of [#IQ4_NL] or [#IQ4_XS] chooses.
    ///
    /// @param code 0 to 15
    public static int chosen(int code) {
        return CODEBOOK[code];
    }

    /// @param at   the stored block's first byte
    /// @param part which 32 weights of it
    abstract void read(MemorySegment data, long at, int part, RowBlock into);

    /// 16 bytes, the first half of a block in their low nibbles.
    private static void readCodes(MemorySegment data, long at, RowBlock into) {
        for (int i = 0; i < 2; i++) {
            long both = data.get(EIGHT, at + 8L * i);
            into.setNumbers(i, chosen(both));
            into.setNumbers(2 + i, chosen(both >>> 4));
        }
    }

    /// What the low nibbles of eight bytes choose.
    private static long chosen(long codes) {
        long numbers = 0;
        for (int j = 0; j < Long.SIZE; j += Byte.SIZE) {
            numbers |= (chosen((int) (codes >>> j & 15)) & 0xffL) << j;
        }
        return numbers;
    }

    private static int unsigned(MemorySegment data, long at) {
        return Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, at));
    }

    private static short product(short float16, int factor) {
        return Float.floatToFloat16(Float.float16ToFloat(float16) * factor);
    }

    /// The lowest eight bits, each as the fifth of a byte.
    private static long fifthBits(int bits) {
        return Long.expand(bits & 0xff, 0x1010101010101010L);
    }
}
