package io.moonglass.tensor;

import static io.moonglass.tensor.PanelPacker.FLOAT16;
import static io.moonglass.tensor.StoredBlocks.WORD;

import java.lang.foreign.MemorySegment;

/// How files of other engines store blocks of whole numbers: types of ggml whose values are those of some
/// [PanelType] too.
public enum BlockLayout {
    /// A scale, then 16 bytes: byte i holds weights i (low) and i + 16 (high), each plus 8.
    Q4_0(32, 18) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            for (int i = 0; i < 4; i++) {
                int word = data.get(WORD, at + Short.BYTES + 4L * i);
                into.setNumbers(i, lessEight(word & NIBBLES));
                into.setNumbers(4 + i, lessEight(word >>> 4 & NIBBLES));
            }
        }
    },
    /// A scale, then 32 signed bytes.
    Q8_0(32, 34) {
        @Override
        void read(MemorySegment data, long at, int part, RowBlock into) {
            into.setScale(data.get(FLOAT16, at));
            for (int i = 0; i < 8; i++) {
                into.setNumbers(i, data.get(WORD, at + Short.BYTES + 4L * i));
            }
        }
    };

    private static final int NIBBLES = 0x0f0f0f0f;

    private final int length;
    private final int bytes;

    BlockLayout(int length, int bytes) {
        this.length = length;
        this.bytes = bytes;
    }

    /// Weights of a stored block.
    public int length() {
        return length;
    }

    /// Bytes of a stored block.
    public int bytes() {
        return bytes;
    }

    /// @param at   the stored block's first byte
    /// @param part which 32 weights of it
    abstract void read(MemorySegment data, long at, int part, RowBlock into);

    /// Takes 8 off each of four bytes of at most 15.
    private static int lessEight(int bytes) {
        int flipped = bytes ^ 0x08080808;
        return flipped | (flipped & 0x08080808) * 0x1e; // the upper bits are that of the sign
    }
}
