package io.moonglass.loader.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BytePairMergerTest {

    @Test
    void merging_agrees_with_its_definition() {
        Random random = new Random(3);
        for (int round = 0; round < 40; round++) {
            Vocabulary vocabulary = vocabularyOfPairs(random, 3, 60);
            BytePairMerger merger = new BytePairMerger(vocabulary);
            for (int i = 0; i < 100; i++) {
                byte[] text = letters(random, 3, 1 + random.nextInt(i < 50 ? 12 : 200));
                TokenIds ids = new TokenIds();
                merger.encode(text, text.length, ids);
                assertArrayEquals(defined(vocabulary, text), ids.toArray());
            }
        }
    }

    @Test
    void of_equal_pairs_the_leftmost_is_joined_first() {
        Vocabulary vocabulary = vocabulary(List.of("aa"));
        BytePairMerger merger = new BytePairMerger(vocabulary);
        TokenIds ids = new TokenIds();
        merger.encode("aaa".getBytes(StandardCharsets.ISO_8859_1), 3, ids);
        assertArrayEquals(new int[] {256, 'a'}, ids.toArray());
    }

    @Test
    void a_piece_of_four_hundred_thousand_letters_is_merged() {
        List<String> powers = new ArrayList<>();
        for (int length = 2; length <= 64; length *= 2) {
            powers.add("a".repeat(length));
        }
        Vocabulary vocabulary = vocabulary(powers);
        byte[] text = "a".repeat(400_000).getBytes(StandardCharsets.ISO_8859_1);
        TokenIds ids = new TokenIds();
        new BytePairMerger(vocabulary).encode(text, text.length, ids);
        assertEquals(400_000 / 64, ids.toArray().length);
    }

    /// The definition: look at all pairs, join the lowest, start again.
    private static int[] defined(Vocabulary vocabulary, byte[] text) {
        int whole = vocabulary.rank(text, 0, text.length);
        if (whole != Vocabulary.NONE) {
            return new int[] {whole};
        }
        List<Integer> starts = new ArrayList<>();
        for (int i = 0; i <= text.length; i++) {
            starts.add(i);
        }
        while (true) {
            int lowest = Integer.MAX_VALUE;
            int at = -1;
            for (int i = 0; i + 2 < starts.size(); i++) {
                int rank = vocabulary.rank(text, starts.get(i), starts.get(i + 2));
                if (rank != Vocabulary.NONE && rank < lowest) {
                    lowest = rank;
                    at = i;
                }
            }
            if (at < 0) {
                break;
            }
            starts.remove(at + 1);
        }
        int[] ids = new int[starts.size() - 1];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = vocabulary.rank(text, starts.get(i), starts.get(i + 1));
        }
        return ids;
    }

    /// Tokens that are joined from earlier ones, as training makes them, in shuffled order.
    private static Vocabulary vocabularyOfPairs(Random random, int numLetters, int numTokens) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < numLetters; i++) {
            parts.add(String.valueOf((char) ('a' + i)));
        }
        Set<String> tokens = new LinkedHashSet<>();
        while (tokens.size() < numTokens) {
            String token =
                    parts.get(random.nextInt(parts.size()))
                            + parts.get(random.nextInt(parts.size()));
            if (token.length() <= 9 && tokens.add(token)) {
                parts.add(token);
            }
        }
        List<String> shuffled = new ArrayList<>(tokens);
        if (random.nextBoolean()) {
            Collections.shuffle(shuffled, random);
        }
        return vocabulary(shuffled);
    }

    private static byte[] letters(Random random, int numLetters, int length) {
        byte[] text = new byte[length];
        for (int i = 0; i < length; i++) {
            text[i] = (byte) ('a' + random.nextInt(numLetters));
        }
        return text;
    }

    /// All bytes at their own rank, then these tokens.
    static Vocabulary vocabulary(List<String> tokens) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        for (int rank = 0; rank < 256 + tokens.size(); rank++) {
            byte[] token =
                    rank < 256
                            ? new byte[] {(byte) rank}
                            : tokens.get(rank - 256).getBytes(StandardCharsets.ISO_8859_1);
            file.writeBytes(Base64.getEncoder().encode(token));
            file.writeBytes((" " + rank + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        return Vocabulary.parse(file.toByteArray());
    }
}
