package io.moonglass.loader.gguf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.pack.PackProgress;
import io.moonglass.loader.pack.PackedModels;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.pack.WeightFormats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// Whole pairs of 20 kB, most of which is what damage is done to: keys, tokens and the list of tensors.
final class SmallestPair {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PackProgress SILENT = (_, _, _, _) -> {};

    /// Bytes, then special tokens up to the one whose place pictures take.
    private static final int NUM_TOKENS = 256 + 22;

    private static final int HIDDEN_SIZE = 8;

    private SmallestPair() {}

    /// The two files of one input, which is the one after the other.
    ///
    /// @param vision empty for a decoder alone
    record Parts(byte[] decoder, byte[] vision) {}

    /// The second file begins where the last header does.
    static Parts cut(byte[] input) {
        byte[] magic = "GGUF".getBytes(StandardCharsets.US_ASCII);
        for (int at = input.length - magic.length; at > 0; at--) {
            if (input[at] == 'G' && Arrays.equals(magic, 0, 4, input, at, at + 4)) {
                return new Parts(
                        Arrays.copyOf(input, at), Arrays.copyOfRange(input, at, input.length));
            }
        }
        return new Parts(input, new byte[0]);
    }

    /// As converters write them today, the same without pictures, and as they wrote them before.
    static List<byte[]> all() {
        try {
            Path folder = Files.createTempDirectory("smallest-pair");
            try {
                return all(folder);
            } finally {
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<byte[]> all(Path folder) throws IOException {
        ObjectNode config =
                (ObjectNode) JSON.readTree(TestModels.tinyRandom().resolve("config.json").toFile());
        config.put("media_placeholder_token_id", 277);
        ObjectNode text = (ObjectNode) config.get("text_config");
        text.put("vocab_size", 512).put("hidden_size", HIDDEN_SIZE).put("num_hidden_layers", 2);
        text.put("intermediate_size", 8).put("moe_intermediate_size", 4);
        text.put("n_routed_experts", 2).put("num_attention_heads", 1).put("kv_lora_rank", 4);
        text.put("qk_nope_head_dim", 2).put("qk_rope_head_dim", 2).put("v_head_dim", 2);
        text.put("tie_word_embeddings", true);
        ObjectNode vision = (ObjectNode) config.get("vision_config");
        vision.put("hidden_size", 4).put("intermediate_size", 4).put("num_hidden_layers", 1);
        vision.put("num_attention_heads", 1).put("patch_size", 2);
        vision.put("init_pos_emb_height", 2).put("init_pos_emb_width", 2);
        Path file = Files.createDirectory(folder.resolve("config")).resolve("config.json");
        JSON.writeValue(file.toFile(), config);
        Path random = folder.resolve("random");
        PackedModels.synthesize(file, WeightFormats.of(WeightFormat.BF16), random, 1, SILENT);
        GgufPair.write(random, GgmlType.F32, folder.resolve("pair"), 1, SILENT);

        byte[] pictures = Files.readAllBytes(folder.resolve("pair").resolve(GgufPair.VISION));
        GgufRewrite decoder = shortened(folder.resolve("pair").resolve(GgufPair.DECODER));
        List<byte[]> pairs = new ArrayList<>();
        pairs.add(joined(decoder, pictures, folder));
        pairs.add(joined(decoder, new byte[0], folder));
        decoder.withBlocks(
                "token_embd.weight",
                GgmlType.F16,
                new byte[2 * HIDDEN_SIZE * NUM_TOKENS],
                NUM_TOKENS,
                HIDDEN_SIZE);
        decoder.fuseGates("blk.1.").rename("blk.1.exp_probs_b.bias", "blk.1.exp_probs_b");
        for (int layer = 0; layer < 2; layer++) {
            String block = "blk." + layer + ".";
            decoder.without(block + "attn_k_b.weight", block + "attn_v_b.weight");
            decoder.withFloats(block + "attn_kv_b.weight", new float[16], 4, 4);
        }
        decoder.without(
                "deepseek2.attention.key_length_mla",
                "deepseek2.attention.value_length_mla",
                "deepseek2.expert_gating_func",
                "tokenizer.chat_template");
        decoder.with("deepseek2.attention.key_length", 4);
        decoder.with("deepseek2.attention.value_length", 2);
        pairs.add(joined(decoder, pictures, folder));
        return pairs;
    }

    private static GgufRewrite shortened(Path file) {
        GgufRewrite decoder = new GgufRewrite(file);
        decoder.with("tokenizer.ggml.tokens", decoder.tokens().subList(0, NUM_TOKENS));
        int[] types = new int[NUM_TOKENS];
        for (int id = 0; id < NUM_TOKENS; id++) {
            types[id] = id < 256 ? VocabularyKeys.NORMAL : VocabularyKeys.CONTROL;
        }
        decoder.with("tokenizer.ggml.token_type", types);
        decoder.with("deepseek2.vocab_size", NUM_TOKENS);
        decoder.without("tokenizer.ggml.padding_token_id");
        return decoder.withFloats(
                "token_embd.weight", new float[NUM_TOKENS * HIDDEN_SIZE], NUM_TOKENS, HIDDEN_SIZE);
    }

    private static byte[] joined(GgufRewrite decoder, byte[] pictures, Path folder)
            throws IOException {
        byte[] text = Files.readAllBytes(decoder.write(folder.resolve("joined.gguf")));
        byte[] both = Arrays.copyOf(text, text.length + pictures.length);
        System.arraycopy(pictures, 0, both, text.length, pictures.length);
        return both;
    }
}
