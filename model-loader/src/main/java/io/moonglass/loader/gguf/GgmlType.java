package io.moonglass.loader.gguf;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// How the elements of a tensor of a GGUF file are stored: alone, or in blocks along its innermost dimension.
///
/// Source: `ggml-common.h` of ggml. Names are the files' own.
public enum GgmlType {
    F32(0, 1, 4, ElementBlocks::f32),
    F16(1, 1, 2, ElementBlocks::f16),
    Q4_0(2, 32, 18, SmallBlocks::q4_0),
    Q4_1(3, 32, 20, SmallBlocks::q4_1),
    Q5_0(6, 32, 22, SmallBlocks::q5_0),
    Q5_1(7, 32, 24, SmallBlocks::q5_1),
    Q8_0(8, 32, 34, SmallBlocks::q8_0),
    Q2_K(10, 256, 84, SuperBlocks::q2_K),
    Q3_K(11, 256, 110, SuperBlocks::q3_K),
    Q4_K(12, 256, 144, SuperBlocks::q4_K),
    Q5_K(13, 256, 176, SuperBlocks::q5_K),
    Q6_K(14, 256, 210, SuperBlocks::q6_K),
    IQ4_NL(20, 32, 18, SmallBlocks::iq4_NL),
    IQ4_XS(23, 256, 136, SuperBlocks::iq4_XS),
    BF16(30, 1, 2, ElementBlocks::bf16);

    /// Types that are known by name alone, so that a message can say what a file holds.
    private static final List<String> UNREAD =
            List.of(
                    "9 Q8_1",
                    "15 Q8_K",
                    "16 IQ2_XXS",
                    "17 IQ2_XS",
                    "18 IQ3_XXS",
                    "19 IQ1_S",
                    "21 IQ3_S",
                    "22 IQ2_S",
                    "24 I8",
                    "25 I16",
                    "26 I32",
                    "27 I64",
                    "28 F64",
                    "29 IQ1_M",
                    "34 TQ1_0",
                    "35 TQ2_0",
                    "39 MXFP4");

    private final int id;
    private final int blockLength;
    private final int blockBytes;
    private final BlockDecoder decoder;

    /// Writes the values of consecutive blocks.
    @FunctionalInterface
    interface BlockDecoder {
        void decode(MemorySegment source, long offset, int numBlocks, float[] target, int at);
    }

    GgmlType(int id, int blockLength, int blockBytes, BlockDecoder decoder) {
        this.id = id;
        this.blockLength = blockLength;
        this.blockBytes = blockBytes;
        this.decoder = decoder;
    }

    /// The number that stands for it in a file.
    public int id() {
        return id;
    }

    /// Elements of a block; 1 where each is stored alone.
    public int blockLength() {
        return blockLength;
    }

    public int blockBytes() {
        return blockBytes;
    }

    /// Bytes of this many elements.
    ///
    /// @param numElements a multiple of the block's length
    /// @throws ArithmeticException if there are more than a long counts
    public long bytes(long numElements) {
        return Math.multiplyExact(numElements / blockLength, (long) blockBytes);
    }

    /// The values of one block, bit for bit those that ggml computes.
    public void decode(MemorySegment source, long offset, float[] target, int at) {
        decoder.decode(source, offset, 1, target, at);
    }

    /// The values of consecutive blocks.
    public void decode(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        decoder.decode(source, offset, numBlocks, target, at);
    }

    static Optional<GgmlType> of(long id) {
        for (GgmlType type : values()) {
            if (type.id == id) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /// What a type that is not read is called.
    static String nameOf(long id) {
        String number = Long.toString(id);
        return UNREAD.stream()
                .filter(type -> type.startsWith(number + " "))
                .map(type -> type.substring(number.length() + 1))
                .findFirst()
                .orElse("of the unknown type " + number);
    }
}
