package io.moonglass.loader.gguf;

import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

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

    /// @param endIds that end an answer, besides those that the tokenizer's configuration names
    /// @return those of them that there is no key for
    List<Integer> writeKeys(GgufWriter.Builder file, List<Integer> endIds) {
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
                tokens.add("[PAD" + id + "]");
                types[id] = VocabularyKeys.UNUSED;
            }
        }
        file.strings(VocabularyKeys.TOKENS, tokens);
        file.int32s(VocabularyKeys.TYPES, types);
        file.strings("tokenizer.ggml.merges", merges());
        write(file, VocabularyKeys.BEGIN, id(names.bosToken()));
        write(file, VocabularyKeys.PADDING, id(names.padToken()));
        file.bool("tokenizer.ggml.add_bos_token", false);
        return writeEnds(file, endIds);
    }

    /// Those without a name that everybody knows go first where keys are short.
    private List<Integer> writeEnds(GgufWriter.Builder file, List<Integer> endIds) {
        Set<Integer> known = tokenizer.stopIds(GenerationConfig.NEUTRAL);
        List<Integer> named =
                Stream.of(id(names.eosToken()), tokenizer.specialId(VocabularyKeys.END_OF_TURN))
                        .flatMapToInt(OptionalInt::stream)
                        .boxed()
                        .toList();
        List<Integer> ends =
                Stream.concat(
                                named.stream(),
                                endIds.stream().sorted(Comparator.comparing(known::contains)))
                        .distinct()
                        .toList();
        List<Integer> lost = new ArrayList<>();
        Iterator<String> keys = VocabularyKeys.ENDS.iterator();
        for (int id : ends) {
            if (tokenizer.isSpecial(id) && id < vocabSize && keys.hasNext()) {
                file.uint32(VocabularyKeys.PREFIX + keys.next(), id);
            } else {
                lost.add(id);
            }
        }
        return lost;
    }

    private OptionalInt id(Optional<String> name) {
        return name.map(tokenizer::specialId).orElse(OptionalInt.empty());
    }

    private void write(GgufWriter.Builder file, String key, OptionalInt id) {
        if (id.isPresent() && id.getAsInt() < vocabSize) {
            file.uint32(VocabularyKeys.PREFIX + key, id.getAsInt());
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
