package io.moonglass.loader.gguf;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;

/// The tokens of a decoder's file: ordinary ones, whose ids are their ranks, then special ones.
final class VocabularyKeys {

    static final String MODEL = "tokenizer.ggml.model";
    static final String BYTE_PAIRS = "gpt2";
    static final String PRE = "tokenizer.ggml.pre";
    static final String SPLITTER = "kimi-k2";
    static final String TOKENS = "tokenizer.ggml.tokens";
    static final String TYPES = "tokenizer.ggml.token_type";

    static final String PREFIX = "tokenizer.ggml.";
    static final String BEGIN = "bos_token_id";
    static final String PADDING = "padding_token_id";
    static final String END = "eos_token_id";

    /// All of them end an answer: that of a text, of a turn, and of a message that calls a tool.
    static final List<String> ENDS = List.of(END, "eot_token_id", "eom_token_id");

    static final int NORMAL = 1;
    static final int CONTROL = 3;
    static final int UNUSED = 5;

    static final String END_OF_TURN = "<|im_end|>";
    private static final String MEDIA_PAD = "<|media_pad|>";
    private static final String UNKNOWN = "[UNK]";

    private final GgufMetadata keys;
    private final int size;
    private final long[] types;
    private final int numOrdinary;

    /// @param vocabSize rows of the table of embeddings
    /// @throws ModelFormatException if it is no vocabulary of the family
    VocabularyKeys(GgufMetadata keys, int vocabSize, FamilySettings family) {
        this.keys = keys;
        if (!keys.string(MODEL).equals(BYTE_PAIRS)) {
            throw keys.wrong(MODEL, "\"%s\"".formatted(BYTE_PAIRS));
        }
        if (!keys.has(PRE) || !keys.string(PRE).equals(SPLITTER)) {
            family.take("how text is split (" + PRE + ")", SPLITTER);
        }
        this.size = keys.numStrings(TOKENS);
        this.types = keys.integers(TYPES);
        if (size != vocabSize || types.length != vocabSize) {
            throw keys.wrong(
                    size != vocabSize ? TOKENS : TYPES,
                    "%,d values, a row of token_embd.weight each".formatted(vocabSize));
        }
        int ordinary = 0;
        while (ordinary < types.length && types[ordinary] == NORMAL) {
            ordinary++;
        }
        this.numOrdinary = ordinary;
        if (id(END_OF_TURN).isEmpty()) {
            throw keys.wrong(TOKENS, "a special token %s among them".formatted(END_OF_TURN));
        }
    }

    /// The id whose place pictures take.
    int mediaPlaceholder() {
        return id(MEDIA_PAD)
                .orElseThrow(() ->
                        keys.wrong(TOKENS, "a special token %s among them".formatted(MEDIA_PAD)));
    }

    /// What tiktoken.model would hold.
    byte[] tiktokenModel() {
        List<String> tokens = keys.strings(TOKENS);
        StringBuilder lines = new StringBuilder();
        for (int rank = 0; rank < numOrdinary; rank++) {
            byte[] token = ByteSpelling.bytes(tokens.get(rank)).orElse(null);
            if (token == null) {
                throw keys.wrong(
                        TOKENS,
                        "bytes in GPT-2's spelling; token %d, which is ordinary, is not in it"
                                .formatted(rank));
            }
            lines.append(Base64.getEncoder().encodeToString(token))
                    .append(' ')
                    .append(rank)
                    .append('\n');
        }
        return lines.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /// What tokenizer_config.json would hold.
    ObjectNode tokenizerConfig() {
        List<String> tokens = keys.strings(TOKENS);
        ObjectNode tokenizer = JsonNodeFactory.instance.objectNode();
        ObjectNode added = tokenizer.putObject("added_tokens_decoder");
        for (int id = numOrdinary; id < size; id++) {
            if (types[id] != UNUSED) {
                added.putObject(String.valueOf(id))
                        .put("content", tokens.get(id))
                        .put("special", true);
            }
        }
        special(BEGIN).ifPresent(id -> tokenizer.put("bos_token", tokens.get(id)));
        special(END).ifPresent(id -> tokenizer.put("eos_token", tokens.get(id)));
        special(PADDING).ifPresent(id -> tokenizer.put("pad_token", tokens.get(id)));
        id(UNKNOWN).ifPresent(id -> tokenizer.put("unk_token", tokens.get(id)));
        return tokenizer;
    }

    /// Ids that end an answer, besides those that have the family's names.
    List<Integer> endIds() {
        return ENDS.stream()
                .map(this::special)
                .flatMapToInt(OptionalInt::stream)
                .distinct()
                .boxed()
                .toList();
    }

    private OptionalInt special(String name) {
        String key = PREFIX + name;
        if (!keys.has(key)) {
            return OptionalInt.empty();
        }
        long id = keys.integer(key);
        if (id < numOrdinary || id >= size) {
            throw keys.wrong(
                    key, "the id of a special token, %d to %d".formatted(numOrdinary, size - 1));
        }
        return OptionalInt.of((int) id);
    }

    private OptionalInt id(String name) {
        return keys.index(TOKENS, name, numOrdinary);
    }
}
