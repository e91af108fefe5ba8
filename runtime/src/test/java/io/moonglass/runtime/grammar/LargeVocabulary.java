package io.moonglass.runtime.grammar;

import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/// A vocabulary of the released models' size whose tokens are shaped like theirs: grown from each other, words with
/// and without a blank before them, Chinese and Cyrillic, numbers, blanks, and the signs that programs are full of.
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
        List<String> words = new ArrayList<>(List.of("etaoinshrdlucmfwypvbgkTSA".split("")));
        List<String> spacedWords = new ArrayList<>(List.of(" ", " A", " C"));
        List<String> chinese = new ArrayList<>(List.of(""));
        List<String> cyrillic = new ArrayList<>(List.of("", " "));
        List<String> signs = new ArrayList<>(List.of(SIGNS));
        while (tokens.size() < NUM_BASE_TOKENS) {
            int kind = random.nextInt(100);
            if (kind < 22) {
                grow(words, () -> letter("etaoinshrdlucmfwypvbgk"));
            } else if (kind < 57) {
                grow(spacedWords, () -> letter("etaoinshrdlucmfwypvbgk"));
            } else if (kind < 81) {
                grow(chinese, () -> Character.toString(0x4e00 + rarely(4000)));
            } else if (kind < 89) {
                grow(cyrillic, () -> letter("оеаинтсрвлкмдпуяыьгзбчй"));
            } else if (kind < 99) {
                grow(
                        signs,
                        () ->
                                random.nextInt(4) == 0
                                        ? letter("etaoin")
                                        : SIGNS[random.nextInt(SIGNS.length)]);
            } else {
                // Pieces that end within a character.
                byte[] bytes =
                        chinese.get(random.nextInt(chinese.size()))
                                .getBytes(StandardCharsets.UTF_8);
                byte[] piece =
                        Arrays.copyOf(bytes, Math.max(1, bytes.length - 1 - random.nextInt(2)));
                tokens.add(new String(piece, StandardCharsets.ISO_8859_1));
            }
        }
    }

    /// As byte pairs grow: a token with something after it.
    private void grow(List<String> kind, Supplier<String> more) {
        String text = kind.get(rarely(rarely(kind.size()) + 1)) + more.get();
        if (text.length() <= 24 && add(text)) {
            kind.add(text);
        }
    }

    private boolean add(String text) {
        return tokens.add(
                new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
    }

    private String letter(String alphabet) {
        return alphabet.substring(rarely(alphabet.length())).substring(0, 1);
    }

    /// A number below a bound, the small ones more often.
    private int rarely(int bound) {
        double at = random.nextDouble();
        return (int) (at * at * bound);
    }
}
