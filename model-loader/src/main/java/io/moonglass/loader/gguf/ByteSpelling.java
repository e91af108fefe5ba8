package io.moonglass.loader.gguf;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Optional;

/// How a token's bytes are written as text: a character for each byte, none of them white space.
///
/// Source: Radford et al. 2019, `bytes_to_unicode` of GPT-2's encoder: printable bytes of Latin-1 stand for
/// themselves, the other 68 for U+0100 and what follows.
final class ByteSpelling {

    private static final char[] CHARACTERS = new char[256];
    private static final short[] BYTES = new short[0x100 + 68];

    static {
        Arrays.fill(BYTES, (short) -1);
        char next = 0x100;
        for (int value = 0; value < CHARACTERS.length; value++) {
            CHARACTERS[value] = isPrintable(value) ? (char) value : next++;
            BYTES[CHARACTERS[value]] = (short) value;
        }
    }

    private ByteSpelling() {}

    private static boolean isPrintable(int value) {
        return value >= 33 && value <= 126
                || value >= 161 && value <= 172
                || value >= 174 && value <= 255;
    }

    static String of(byte[] token) {
        StringBuilder text = new StringBuilder(token.length);
        for (byte value : token) {
            text.append(CHARACTERS[value & 0xff]);
        }
        return text.toString();
    }

    /// Empty for text that spells no bytes.
    static Optional<byte[]> bytes(String text) {
        ByteArrayOutputStream token = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character >= BYTES.length || BYTES[character] < 0) {
                return Optional.empty();
            }
            token.write(BYTES[character]);
        }
        return token.size() == 0 ? Optional.empty() : Optional.of(token.toByteArray());
    }
}
