package io.moonglass.runtime.grammar;

import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/// A vocabulary of the released models' size whose tokens are shaped like theirs: pieces of words with and without a
/// blank before them, Chinese and Cyrillic, numbers, blanks, and the signs that programs and JSON are full of.
final class LargeVocabulary {

    static final int NUM_BASE_TOKENS = 163_584;
    static final int VOCAB_SIZE = 163_840;

    private static final String[] SIGNS =
            "\" \\ { } [ ] ( ) < > : ; , . / = + - * & | ! ? # $ % @ ' ` ~ ^ _ \n \t".split(" ");

    private final Random random = new Random(1);
    private final Set<String> tokens = new LinkedHashSet<>(); // bytes as characters

    static Tokenizer tokenizer() {
        LargeVocabulary vocabulary = new LargeVocabulary();
        vocabulary.fill();
        StringBuilder lines = new StringBuilder();
        int rank = 0;
        for (String token : vocabulary.tokens) {
            byte[] bytes = token.getBytes(StandardCharsets.ISO_8859_1);
            lines.append(Base64.getEncoder().encodeToString(bytes))
                    .append(' ')
                    .append(rank++)
                    .append('\n');
        }
        return Tokenizer.of(
                lines.toString().getBytes(StandardCharsets.US_ASCII),
                new TokenizerConfig(
                        new TreeMap<>(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
    }

    private void fill() {
        for (int value = 0; value < 256; value++) {
            tokens.add(Character.toString(value));
        }
        for (int number = 0; number < 1000; number++) {
            add(String.valueOf(number));
            add("%03d".formatted(number));
        }
        for (int length = 2; length <= 128; length++) {
            add(" ".repeat(length));
            add("\n" + " ".repeat(length - 1));
            add("-".repeat(length));
        }
        while (tokens.size() < NUM_BASE_TOKENS) {
            int kind = random.nextInt(100);
            if (kind < 52) {
                add((random.nextInt(5) < 3 ? " " : "") + word("etaoinshrdlucmfwypvbgk", 2, 12));
            } else if (kind < 76) {
                add(chinese(2 + random.nextInt(4)));
            } else if (kind < 84) {
                add((random.nextBoolean() ? " " : "") + word("оеаинтсрвлкмдпуяыьгзбчй", 1, 8));
            } else if (kind < 93) {
                add(signs(1) + word("etaoinshrdlucmfwypvbgk", 1, 8));
            } else if (kind < 98) {
                add(signs(2 + random.nextInt(4)));
            } else {
                // Pieces that end within a character.
                byte[] bytes = chinese(1 + random.nextInt(2)).getBytes(StandardCharsets.UTF_8);
                byte[] piece = Arrays.copyOf(bytes, bytes.length - 1 - random.nextInt(2));
                tokens.add(new String(piece, StandardCharsets.ISO_8859_1));
            }
        }
    }

    private void add(String text) {
        tokens.add(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
    }

    /// Letters at the beginning of the alphabet are the more frequent ones.
    private String word(String alphabet, int min, int max) {
        StringBuilder word = new StringBuilder();
        for (int i = min + random.nextInt(max - min + 1); i > 0; i--) {
            double at = random.nextDouble();
            word.append(alphabet.charAt((int) (at * at * alphabet.length())));
        }
        if (random.nextInt(6) == 0) {
            word.setCharAt(0, Character.toUpperCase(word.charAt(0)));
        }
        return word.toString();
    }

    private String chinese(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            double at = random.nextDouble();
            text.append((char) (0x4e00 + (int) (at * at * 4000)));
        }
        return text.toString();
    }

    private String signs(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(SIGNS[random.nextInt(SIGNS.length)]);
        }
        return text.toString();
    }
}
