package io.moonglass.loader.gguf;

import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// A tokenizer as keys of a GGUF file.
final class VocabularyWriter {

    private final Tokenizer tokenizer;
    private final TokenizerConfig names;
    private final int vocabSize;

    /// @param vocabSize rows of the table of embeddings
    VocabularyWriter(Tokenizer tokenizer, TokenizerConfig names, int vocabSize) {
        this.tokenizer = tokenizer;
        this.names = names;
        this.vocabSize = vocabSize;
    }

    void writeKeys(GgufWriter.Builder file) {
        file.string(VocabularyKeys.MODEL, VocabularyKeys.BYTE_PAIRS);
        file.string(VocabularyKeys.PRE, VocabularyKeys.SPLITTER);
        List<String> tokens = new ArrayList<>(vocabSize);
        int[] types = new int[vocabSize];
        for (int id = 0; id < vocabSize; id++) {
            if (id < tokenizer.numBaseTokens()) {
                tokens.add(ByteSpelling.of(tokenizer.tokenBytes(id)));
                types[id] = VocabularyKeys.NORMAL;
            } else if (id < tokenizer.vocabularySize()) {
                tokens.add(new String(tokenizer.tokenBytes(id), StandardCharsets.UTF_8));
                types[id] = VocabularyKeys.CONTROL;
            } else {
                tokens.add("[PAD%d]".formatted(id));
                types[id] = VocabularyKeys.UNUSED;
            }
        }
        file.strings(VocabularyKeys.TOKENS, tokens);
        file.int32s(VocabularyKeys.TYPES, types);
        file.strings("tokenizer.ggml.merges", merges());
        writeId(file, "bos_token_id", names.bosToken());
        writeId(file, "eos_token_id", names.eosToken());
        writeId(file, "eot_token_id", Optional.of(VocabularyKeys.END_OF_TURN));
        writeId(file, "padding_token_id", names.padToken());
        file.bool("tokenizer.ggml.add_bos_token", false);
    }

    private void writeId(GgufWriter.Builder file, String key, Optional<String> name) {
        OptionalInt id = name.map(tokenizer::specialId).orElse(OptionalInt.empty());
        if (id.isPresent() && id.getAsInt() < vocabSize) {
            file.uint32("tokenizer.ggml." + key, id.getAsInt());
        }
    }

    /// The two tokens that each longer one is made of, in the order of ranks: what is left of its bytes when all pairs of
    /// lower ranks are joined.
    private List<String> merges() {
        Map<String, Integer> ranks = new HashMap<>();
        for (int rank = 0; rank < tokenizer.numBaseTokens(); rank++) {
            ranks.put(latin(tokenizer.tokenBytes(rank)), rank);
        }
        List<String> merges = new ArrayList<>();
        for (int rank = 0; rank < tokenizer.numBaseTokens(); rank++) {
            String token = latin(tokenizer.tokenBytes(rank));
            List<String> parts = split(token, rank, ranks);
            if (parts.size() == 2) {
                merges.add(spelled(parts.get(0)) + " " + spelled(parts.get(1)));
            }
        }
        return merges;
    }

    private static List<String> split(String token, int rank, Map<String, Integer> ranks) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < token.length(); i++) {
            parts.add(token.substring(i, i + 1));
        }
        while (parts.size() > 2) {
            int best = -1;
            int lowest = rank;
            for (int i = 0; i + 1 < parts.size(); i++) {
                int joined = ranks.getOrDefault(parts.get(i) + parts.get(i + 1), rank);
                if (joined < lowest) {
                    lowest = joined;
                    best = i;
                }
            }
            if (best < 0) {
                return parts; // no byte pairs lead to it
            }
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
        return parts;
    }

    /// A character for each byte.
    private static String latin(byte[] token) {
        return new String(token, StandardCharsets.ISO_8859_1);
    }

    private static String spelled(String latin) {
        return ByteSpelling.of(latin.getBytes(StandardCharsets.ISO_8859_1));
    }
}
