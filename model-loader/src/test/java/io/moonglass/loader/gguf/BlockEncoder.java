package io.moonglass.loader.gguf;

import static io.moonglass.loader.gguf.ElementBlocks.SHORT;

import java.lang.foreign.MemorySegment;

/// Quantises as other programs do, if not as well: every block is valid, and its scales follow the largest values.
/// What [GgufEncoder] cannot write.
public final class BlockEncoder {

    private static final int[] CODEBOOK = {
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
    };

    private final GgmlType type;
    private final float[] values;
    private final byte[] bytes;
    private final MemorySegment segment;

    /// The block's first byte and value.
    private int at;

    private int first;

    private BlockEncoder(GgmlType type, float[] values) {
        this.type = type;
        this.values = values;
        this.bytes = new byte[Math.toIntExact(type.bytes(values.length))];
        this.segment = MemorySegment.ofArray(bytes);
    }

    /// @param values rows of whole blocks
    public static byte[] encode(GgmlType type, float[] values) {
        BlockEncoder encoder = new BlockEncoder(type, values);
        switch (type) {
            case F32, F16, BF16, Q8_0, Q4_0 ->
                    GgufEncoder.of(type).encode(values, 0, values.length, encoder.segment, 0);
            case Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS -> encoder.encode();
        }
        return encoder.bytes;
    }

    private void encode() {
        while (at < bytes.length) {
            switch (type) {
                case Q4_1 -> affine(1, 4, 4);
                case Q5_1 -> affine(1, 5, 8);
                case Q2_K -> q2_K();
                case Q4_K -> affine(8, 4, 16);
                case Q5_K -> affine(8, 5, 48);
                case Q5_0 -> q5_0();
                case Q3_K -> q3_K();
                case Q6_K -> q6_K();
                case IQ4_NL -> iq4_NL();
                case IQ4_XS -> iq4_XS();
                case F32, F16, BF16, Q8_0, Q4_0 -> throw new IllegalStateException(type.name());
            }
            at += type.blockBytes();
            first += type.blockLength();
        }
    }

    /// Parts of 32 values with a scale and a minimum; alone they are blocks of their own.
    private void affine(int numParts, int bits, int numbers) {
        float[][] ranges = ranges(numParts, 32, bits);
        boolean isAlone = numParts == 1;
        float scale = half(0, isAlone ? ranges[0][0] : most(ranges, 0) / 63);
        float minimum = half(2, isAlone ? -ranges[0][1] : most(ranges, 1) / 63);
        for (int part = 0; part < numParts; part++) {
            int sixBits = isAlone ? 1 : rounded(ranges[part][0], scale, 0, 63);
            int sixBitsOfMinimum = isAlone ? 1 : rounded(ranges[part][1], minimum, 0, 63);
            if (!isAlone) {
                putSixBits(part, sixBits, sixBitsOfMinimum);
            }
            float added = isAlone ? minimum : -minimum * sixBitsOfMinimum;
            for (int l = 0; l < 32; l++) {
                int code =
                        rounded(value(32 * part + l) - added, scale * sixBits, 0, (1 << bits) - 1);
                if (isAlone) {
                    or(numbers + l % 16, (code & 15) << 4 * (l / 16));
                    or(4 + l / 8, bits == 5 ? code >> 4 << l % 8 : 0);
                } else {
                    or(numbers + 32 * (part / 2) + l, (code & 15) << 4 * (part % 2));
                    or(16 + l, bits == 5 ? code >> 4 << part : 0);
                }
            }
        }
    }

    private void putSixBits(int part, int scale, int minimum) {
        if (part < 4) {
            or(4 + part, scale);
            or(8 + part, minimum);
        } else {
            or(8 + part, scale & 15 | (minimum & 15) << 4);
            or(part, scale >> 4 << 6);
            or(4 + part, minimum >> 4 << 6);
        }
    }

    private void q2_K() {
        float[][] ranges = ranges(16, 16, 2);
        float scale = half(80, most(ranges, 0) / 15);
        float minimum = half(82, most(ranges, 1) / 15);
        for (int part = 0; part < 16; part++) {
            int fourBits = rounded(ranges[part][0], scale, 0, 15);
            int ofMinimum = rounded(ranges[part][1], minimum, 0, 15);
            or(part, fourBits | ofMinimum << 4);
            for (int l = 0; l < 16; l++) {
                float above = value(16 * part + l) + minimum * ofMinimum;
                int code = rounded(above, scale * fourBits, 0, 3);
                or(16 + 32 * (part / 8) + 16 * (part % 2) + l, code << (part & 6));
            }
        }
    }

    private void q5_0() {
        float scale = half(0, -extreme(0, 32) / 16);
        for (int l = 0; l < 32; l++) {
            int code = rounded(value(l), scale, -16, 15) + 16;
            or(6 + l % 16, (code & 15) << 4 * (l / 16));
            or(2 + l / 8, code >> 4 << l % 8);
        }
    }

    private void q3_K() {
        float scale = half(108, largest(16, 16) / 4 / 31);
        for (int part = 0; part < 16; part++) {
            int sixBits = rounded(-extreme(16 * part, 16) / 4, scale, -32, 31);
            or(96 + part % 8, (sixBits + 32 & 15) << 4 * (part / 8));
            or(104 + part % 4, sixBits + 32 >> 4 << 2 * (part / 4));
            for (int l = 0; l < 16; l++) {
                int code = rounded(value(16 * part + l), scale * sixBits, -4, 3) + 4;
                or(32 + 32 * (part / 8) + 16 * (part % 2) + l, (code & 3) << (part & 6));
                or(16 * (part % 2) + l, code >> 2 << part / 2);
            }
        }
    }

    private void q6_K() {
        float scale = half(208, largest(16, 16) / 32 / 127);
        for (int part = 0; part < 16; part++) {
            int eightBits = rounded(-extreme(16 * part, 16) / 32, scale, -128, 127);
            or(192 + part, eightBits & 0xff);
            int quarter = part / 2 % 4;
            for (int l = 0; l < 16; l++) {
                int code = rounded(value(16 * part + l), scale * eightBits, -32, 31) + 32;
                int low = 64 * (part / 8) + 32 * (quarter % 2) + 16 * (part % 2) + l;
                or(low, (code & 15) << 4 * (quarter / 2));
                or(128 + 32 * (part / 8) + 16 * (part % 2) + l, code >> 4 << 2 * quarter);
            }
        }
    }

    private void iq4_NL() {
        float scale = half(0, -extreme(0, 32) / 127);
        choose(0, scale, 2);
    }

    private void iq4_XS() {
        float scale = half(0, largest(8, 32) / 127 / 31);
        for (int part = 0; part < 8; part++) {
            int sixBits = rounded(-extreme(32 * part, 32) / 127, scale, -32, 31);
            or(4 + part / 2, (sixBits + 32 & 15) << 4 * (part % 2));
            or(2 + part / 4, sixBits + 32 >> 4 << 2 * (part % 4));
            choose(32 * part, scale * sixBits, 8 + 16 * part);
        }
    }

    private void choose(int from, float scale, int numbers) {
        for (int l = 0; l < 32; l++) {
            int nearest = 0;
            for (int code = 1; code < CODEBOOK.length; code++) {
                float distance = Math.abs(CODEBOOK[code] * scale - value(from + l));
                if (distance < Math.abs(CODEBOOK[nearest] * scale - value(from + l))) {
                    nearest = code;
                }
            }
            or(numbers + l % 16, nearest << 4 * (l / 16));
        }
    }

    /// Of each part the step between its values, and how far below zero they begin.
    private float[][] ranges(int numParts, int length, int bits) {
        float[][] ranges = new float[numParts][];
        for (int part = 0; part < numParts; part++) {
            float least = 0;
            float most = 0;
            for (int l = 0; l < length; l++) {
                least = Math.min(least, value(part * length + l));
                most = Math.max(most, value(part * length + l));
            }
            ranges[part] = new float[] {(most - least) / ((1 << bits) - 1), -least};
        }
        return ranges;
    }

    private static float most(float[][] ranges, int which) {
        float most = 0;
        for (float[] range : ranges) {
            most = Math.max(most, range[which]);
        }
        return most;
    }

    private float largest(int numParts, int length) {
        return Math.abs(extreme(0, numParts * length));
    }

    /// The value that is furthest from zero.
    private float extreme(int from, int count) {
        float extreme = 0;
        for (int l = from; l < from + count; l++) {
            extreme = Math.abs(value(l)) > Math.abs(extreme) ? value(l) : extreme;
        }
        return extreme;
    }

    private float value(int index) {
        return values[first + index];
    }

    private static int rounded(float value, float scale, int least, int most) {
        return scale == 0 ? 0 : Math.clamp(Math.round(value / scale), least, most);
    }

    /// Stores a float16 and gives what it is now.
    private float half(int offset, float value) {
        short half = Float.floatToFloat16(value);
        segment.set(SHORT, at + offset, half);
        return Float.float16ToFloat(half);
    }

    private void or(int offset, int bits) {
        bytes[at + offset] |= (byte) bits;
    }
}
