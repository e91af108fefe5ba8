package io.moonglass.loader.pack;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// A tokenizer for models of random weights: as many tokens as the configuration asks for, with the
/// released models' special ones at their places. Ordinary tokens are all single bytes, then all
/// combinations of two printable characters, then of three and four.
final class StandInTokenizer {

    private static final int NUM_SPECIAL = 256;
    private static final char FIRST_PRINTABLE = ' ';
    private static final char LAST_PRINTABLE = '~';

    private static final int MEDIA_PAD = 21;

    /// By distance from the first special id.
    private static final Object[][] SPECIAL = {
        {0, "[BOS]"},
        {1, "[EOS]"},
        {2, "<|im_end|>"},
        {3, "<|im_user|>"},
        {4, "<|im_assistant|>"},
        {9, "[EOT]"},
        {10, "<|im_system|>"},
        {17, "<|im_middle|>"},
        {18, "<|media_start|>"},
        {19, "<|media_content|>"},
        {20, "<|media_end|>"},
        {MEDIA_PAD, "<|media_pad|>"},
        {254, "[PAD]"},
        {255, "[UNK]"},
    };

    private final int numOrdinary;

    /// @throws ConfigException if the vocabulary has no room for single bytes and special tokens, or the
    ///     pictures' placeholder is not where the released models have it
    StandInTokenizer(ModelConfig config) {
        int vocabSize = config.text().vocabSize();
        this.numOrdinary = vocabSize - NUM_SPECIAL;
        if (numOrdinary < NUM_SPECIAL) {
            throw new ConfigException(
                    "config.json: vocab_size is %d; want at least %d, for single bytes and special tokens"
                            .formatted(vocabSize, 2 * NUM_SPECIAL));
        }
        if (config.vision().isPresent()
                && config.mediaPlaceholderTokenId() != numOrdinary + MEDIA_PAD) {
            throw new ConfigException(
                    "config.json: media_placeholder_token_id is %d; want %d, 235 before the end of the vocabulary"
                            .formatted(config.mediaPlaceholderTokenId(), numOrdinary + MEDIA_PAD));
        }
    }

    void write(Path directory) throws IOException {
        StringBuilder lines = new StringBuilder();
        List<byte[]> tokens = tokens();
        for (int rank = 0; rank < tokens.size(); rank++) {
            lines.append(Base64.getEncoder().encodeToString(tokens.get(rank)))
                    .append(' ')
                    .append(rank)
                    .append('\n');
        }
        Files.writeString(directory.resolve("tiktoken.model"), lines);
        ObjectMapper json = new ObjectMapper();
        ObjectNode tokenizer = json.createObjectNode();
        ObjectNode added = tokenizer.putObject("added_tokens_decoder");
        for (Object[] special : SPECIAL) {
            added.putObject(String.valueOf(numOrdinary + (int) special[0]))
                    .put("content", (String) special[1]);
        }
        tokenizer.put("bos_token", "[BOS]").put("eos_token", "[EOS]").put("pad_token", "[PAD]");
        Files.write(directory.resolve("tokenizer_config.json"), json.writeValueAsBytes(tokenizer));
        ObjectNode generation = json.createObjectNode();
        generation.putArray("eos_token_id").add(numOrdinary + 1).add(numOrdinary + 2);
        generation.put("do_sample", false);
        Files.write(
                directory.resolve("generation_config.json"), json.writeValueAsBytes(generation));
        try (InputStream template = getClass().getResourceAsStream("chat_template.jinja")) {
            Files.copy(template, directory.resolve("chat_template.jinja"));
        }
    }

    private List<byte[]> tokens() {
        List<byte[]> tokens = new ArrayList<>();
        for (int value = 0; value < 256; value++) {
            tokens.add(new byte[] {(byte) value});
        }
        List<String> shorter = printable();
        while (tokens.size() < numOrdinary) {
            List<String> longer = new ArrayList<>();
            for (String beginning : shorter) {
                for (String end : printable()) {
                    if (tokens.size() < numOrdinary) {
                        longer.add(beginning + end);
                        tokens.add((beginning + end).getBytes(StandardCharsets.US_ASCII));
                    }
                }
            }
            shorter = longer;
        }
        return tokens;
    }

    private static List<String> printable() {
        List<String> characters = new ArrayList<>();
        for (char c = FIRST_PRINTABLE; c <= LAST_PRINTABLE; c++) {
            characters.add(String.valueOf(c));
        }
        return characters;
    }
}
