package io.moonglass.loader.gguf;

import static io.moonglass.loader.gguf.ElementBlocks.SHORT;
import static io.moonglass.loader.gguf.SmallBlocks.INT;
import static io.moonglass.loader.gguf.SmallBlocks.LONG;
import static io.moonglass.loader.gguf.SmallBlocks.float16;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Decodes blocks of 256 values, whose parts of 16 or 32 have scales of their own, and they one scale in common.
///
/// Source: `ggml-common.h` and `ggml-quants.c` of ggml, of which the layouts are.
final class SuperBlocks {

    private static final int LENGTH = 256;

    private SuperBlocks() {}

    /// 16 bytes of scales (low nibble) and minima (high nibble); 64 bytes of 2-bit values; scale; scale of minima.
    static void q2_K(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 84, at += LENGTH) {
            float scale = float16(source, offset + 80);
            float minimum = float16(source, offset + 82);
            for (int part = 0; part < 16; part++) {
                int scales = unsigned(source, offset + part);
                float partScale = scale * (scales & 15);
                float partMinimum = minimum * (scales >> 4);
                long bytes = offset + 16 + twoBitByte(part);
                int shift = twoBitShift(part);
                for (int l = 0; l < 16; l++) {
                    int value = unsigned(source, bytes + l) >> shift & 3;
                    target[at + 16 * part + l] = partScale * value - partMinimum;
                }
            }
        }
    }

    /// 32 bytes of third bits; 64 bytes of 2-bit values; 12 bytes of 6-bit scales; scale.
    static void q3_K(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 110, at += LENGTH) {
            float scale = float16(source, offset + 108);
            for (int part = 0; part < 16; part++) {
                float partScale = scale * (q3Scale(source, offset + 96, part) - 32);
                long bytes = offset + 32 + twoBitByte(part);
                int shift = twoBitShift(part);
                long high = offset + 16 * (part & 1);
                for (int l = 0; l < 16; l++) {
                    int value = unsigned(source, bytes + l) >> shift & 3;
                    int third = unsigned(source, high + l) >> (part >> 1) & 1;
                    target[at + 16 * part + l] = partScale * (value - 4 + 4 * third);
                }
            }
        }
    }

    /// Four values, of parts two apart, share a byte.
    private static int twoBitByte(int part) {
        return 32 * (part >> 3) + 16 * (part & 1);
    }

    private static int twoBitShift(int part) {
        return part & 6;
    }

    /// Low four bits: parts 0 to 7 in the low nibbles of bytes 0 to 7, the others in the high ones; high two bits: part
    /// p in byte 8 + p mod 4.
    private static int q3Scale(MemorySegment source, long scales, int part) {
        int low = unsigned(source, scales + (part & 7)) >> 4 * (part >> 3) & 15;
        int high = unsigned(source, scales + 8 + (part & 3)) >> 2 * (part >> 2) & 3;
        return low | high << 4;
    }

    /// scale; scale of minima; 12 bytes of 6-bit scales and minima; 128 bytes of nibbles.
    static void q4_K(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 144, at += LENGTH) {
            float scale = float16(source, offset);
            float minimum = float16(source, offset + 2);
            for (int part = 0; part < 8; part++) {
                int scales = scaleAndMinimum(source, offset + 4, part);
                float partScale = scale * (scales & 63);
                float partMinimum = minimum * (scales >> 6);
                long bytes = offset + 16 + 32 * (part >> 1);
                int shift = 4 * (part & 1);
                for (int word = 0; word < 4; word++) {
                    long values = source.get(LONG, bytes + 8 * word) >>> shift;
                    int first = at + 32 * part + 8 * word;
                    for (int l = first; l < first + 8; l++, values >>>= 8) {
                        target[l] = partScale * (int) (values & 15) - partMinimum;
                    }
                }
            }
        }
    }

    /// As Q4_K, with 32 bytes of fifth bits before the nibbles.
    static void q5_K(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 176, at += LENGTH) {
            float scale = float16(source, offset);
            float minimum = float16(source, offset + 2);
            for (int part = 0; part < 8; part++) {
                int scales = scaleAndMinimum(source, offset + 4, part);
                float partScale = scale * (scales & 63);
                float partMinimum = minimum * (scales >> 6);
                long bytes = offset + 48 + 32 * (part >> 1);
                int shift = 4 * (part & 1);
                for (int word = 0; word < 4; word++) {
                    long values = source.get(LONG, bytes + 8 * word) >>> shift;
                    long fifths = source.get(LONG, offset + 16 + 8 * word) >>> part;
                    int first = at + 32 * part + 8 * word;
                    for (int l = first; l < first + 8; l++, values >>>= 8, fifths >>>= 8) {
                        int value = (int) (values & 15 | (fifths & 1) << 4);
                        target[l] = partScale * value - partMinimum;
                    }
                }
            }
        }
    }

    /// The 6-bit scale of a part of Q4_K and Q5_K, and its minimum in the 6 bits above.
    private static int scaleAndMinimum(MemorySegment source, long scales, int part) {
        int low = unsigned(source, scales + part);
        int high = unsigned(source, scales + part + 4);
        if (part < 4) {
            return low & 63 | (high & 63) << 6;
        }
        int before = unsigned(source, scales + part - 4);
        int scale = high & 15 | before >> 6 << 4;
        int minimum = high >> 4 | low >> 6 << 4;
        return scale | minimum << 6;
    }

    /// 128 bytes of low nibbles; 64 bytes of high 2 bits; 16 signed scales; scale.
    static void q6_K(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 210, at += LENGTH) {
            float scale = float16(source, offset + 208);
            for (int part = 0; part < 16; part++) {
                float partScale = scale * source.get(ValueLayout.JAVA_BYTE, offset + 192 + part);
                int half = part >> 3;
                int quarter = part >> 1 & 3;
                long low = offset + 64 * half + 32 * (quarter & 1) + 16 * (part & 1);
                long high = offset + 128 + 32 * half + 16 * (part & 1);
                int shift = 4 * (quarter >> 1);
                for (int word = 0; word < 2; word++) {
                    long nibbles = source.get(LONG, low + 8 * word) >>> shift;
                    long pairs = source.get(LONG, high + 8 * word) >>> 2 * quarter;
                    int first = at + 16 * part + 8 * word;
                    for (int l = first; l < first + 8; l++, nibbles >>>= 8, pairs >>>= 8) {
                        int value = (int) (nibbles & 15 | (pairs & 3) << 4) - 32;
                        target[l] = partScale * value;
                    }
                }
            }
        }
    }

    /// scale; high 2 bits of the scales, low 4 bits of them; 128 bytes of nibbles, which choose from a codebook.
    static void iq4_XS(MemorySegment source, long offset, int numBlocks, float[] target, int at) {
        for (int block = 0; block < numBlocks; block++, offset += 136, at += LENGTH) {
            float scale = float16(source, offset);
            int high = source.get(SHORT, offset + 2);
            int low = source.get(INT, offset + 4);
            for (int part = 0; part < 8; part++) {
                int partScale = (low >>> 4 * part & 15 | (high >>> 2 * part & 3) << 4) - 32;
                SmallBlocks.codebook(
                        source, offset + 8 + 16 * part, scale * partScale, target, at + 32 * part);
            }
        }
    }

    private static int unsigned(MemorySegment source, long offset) {
        return source.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
    }
}
