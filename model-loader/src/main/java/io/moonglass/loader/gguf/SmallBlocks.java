package io.moonglass.loader.gguf;

import static io.moonglass.loader.gguf.ElementBlocks.SHORT;

import io.moonglass.tensor.BlockLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Decodes blocks of 32 values. The first half of a block lies in the low nibbles of its 16 bytes, the second in the
/// high ones.
///
/// Source: `ggml-common.h` and `ggml-quants.c` of ggml, of which the layouts are.
final class SmallBlocks {

    private static final int HALF = 16;

    static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private SmallBlocks() {}

    /// scale, nibbles: `(q - 8) * d`.
    static void q4_0(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 18, at += 32) {
            float scale = float16(source, offset);
            for (int half = 0; half < 2; half++) {
                long bytes = source.get(LONG, offset + 2 + 8 * half);
                for (int j = 8 * half; j < 8 * half + 8; j++, bytes >>>= 8) {
                    target[at + j] = ((int) (bytes & 15) - 8) * scale;
                    target[at + j + HALF] = ((int) (bytes >>> 4 & 15) - 8) * scale;
                }
            }
        }
    }

    /// scale, minimum, nibbles: `q * d + m`.
    static void q4_1(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 20, at += 32) {
            float scale = float16(source, offset);
            float minimum = float16(source, offset + 2);
            for (int half = 0; half < 2; half++) {
                long bytes = source.get(LONG, offset + 4 + 8 * half);
                for (int j = 8 * half; j < 8 * half + 8; j++, bytes >>>= 8) {
                    target[at + j] = (int) (bytes & 15) * scale + minimum;
                    target[at + j + HALF] = (int) (bytes >>> 4 & 15) * scale + minimum;
                }
            }
        }
    }

    /// scale, fifth bits, nibbles: `(q - 16) * d`.
    static void q5_0(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 22, at += 32) {
            float scale = float16(source, offset);
            int high = source.get(INT, offset + 2);
            for (int half = 0; half < 2; half++) {
                long bytes = source.get(LONG, offset + 6 + 8 * half);
                for (int j = 8 * half; j < 8 * half + 8; j++, bytes >>>= 8) {
                    int first = (int) (bytes & 15) | (high >>> j & 1) << 4;
                    int second = (int) (bytes >>> 4 & 15) | (high >>> j + HALF & 1) << 4;
                    target[at + j] = (first - 16) * scale;
                    target[at + j + HALF] = (second - 16) * scale;
                }
            }
        }
    }

    /// scale, minimum, fifth bits, nibbles: `q * d + m`.
    static void q5_1(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 24, at += 32) {
            float scale = float16(source, offset);
            float minimum = float16(source, offset + 2);
            int high = source.get(INT, offset + 4);
            for (int half = 0; half < 2; half++) {
                long bytes = source.get(LONG, offset + 8 + 8 * half);
                for (int j = 8 * half; j < 8 * half + 8; j++, bytes >>>= 8) {
                    int first = (int) (bytes & 15) | (high >>> j & 1) << 4;
                    int second = (int) (bytes >>> 4 & 15) | (high >>> j + HALF & 1) << 4;
                    target[at + j] = first * scale + minimum;
                    target[at + j + HALF] = second * scale + minimum;
                }
            }
        }
    }

    /// scale, signed bytes: `q * d`.
    static void q8_0(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 34, at += 32) {
            float scale = float16(source, offset);
            for (int j = 0; j < 32; j++) {
                target[at + j] = source.get(ValueLayout.JAVA_BYTE, offset + 2 + j) * scale;
            }
        }
    }

    /// scale, nibbles: `codebook[q] * d`.
    static void iq4_NL(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 18, at += 32) {
            codebook(source, offset + 2, float16(source, offset), target, at);
        }
    }

    /// 32 values of a codebook from 16 bytes.
    static void codebook(MemorySegment source, long offset, float scale, float[] target, int at) {
        for (int half = 0; half < 2; half++) {
            long bytes = source.get(LONG, offset + 8 * half);
            for (int j = 8 * half; j < 8 * half + 8; j++, bytes >>>= 8) {
                target[at + j] = scale * BlockLayout.chosen((int) (bytes & 15));
                target[at + j + HALF] = scale * BlockLayout.chosen((int) (bytes >>> 4 & 15));
            }
        }
    }

    static float float16(MemorySegment source, long offset) {
        return Float.float16ToFloat(source.get(SHORT, offset));
    }
}
