package io.moonglass.loader.gguf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.PackProgress;
import io.moonglass.loader.pack.PackedModels;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.pack.WeightFormats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A random model whose rows are whole blocks of 256 where those of the released ones are, as a pair of GGUF files in
/// the types that other programs choose. Every token goes to all experts, so that no choice between two that score
/// alike makes a great difference of a small one.
public final class QuantizedPair {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PackProgress SILENT = (_, _, _, _) -> {};

    private static final int NUM_HEADS = 4;
    private static final int NOPE = 32;
    private static final int VALUE = 64;
    private static final int RANK = 256;

    private final Path floats;

    private QuantizedPair(Path floats) {
        this.floats = floats;
    }

    /// Makes the model, of 2 million parameters.
    ///
    /// @param folder an empty one
    public static QuantizedPair of(Path folder) throws IOException {
        ObjectNode config =
                (ObjectNode) JSON.readTree(TestModels.tinyRandom().resolve("config.json").toFile());
        ObjectNode text = (ObjectNode) config.get("text_config");
        text.put("hidden_size", 256).put("intermediate_size", 512);
        text.put("moe_intermediate_size", 128).put("n_shared_experts", 2);
        text.put("n_routed_experts", 4).put("num_experts_per_tok", 4);
        text.put("num_attention_heads", NUM_HEADS).put("kv_lora_rank", RANK);
        text.put("qk_nope_head_dim", NOPE).put("qk_rope_head_dim", 16).put("v_head_dim", VALUE);
        Path file = Files.createDirectory(folder.resolve("config")).resolve("config.json");
        JSON.writeValue(file.toFile(), config);
        Path random = folder.resolve("random");
        PackedModels.synthesize(file, WeightFormats.of(WeightFormat.BF16), random, 2, SILENT);
        GgufPair.write(random, GgmlType.F32, folder.resolve("floats"), 2, SILENT);
        return new QuantizedPair(folder.resolve("floats"));
    }

    /// Writes `blocks/decoder.gguf` and `decoded/decoder.gguf`, which has the same numbers as floats and is as new
    /// converters write it, both with the same vision part, in F16.
    ///
    /// @param most of most matrices
    /// @param more of those that get more bits: values, the way down, the head
    /// @param isOld whether keys' and values' parts, and gates and ups, lie in one tensor each
    public void write(Path folder, GgmlType most, GgmlType more, boolean isOld) throws IOException {
        GgufRewrite decoder = new GgufRewrite(floats.resolve(GgufPair.DECODER));
        if (isOld) {
            for (int layer = 0; layer < 3; layer++) {
                join(decoder, "blk.%d.".formatted(layer));
            }
        }
        GgufRewrite vision = new GgufRewrite(floats.resolve(GgufPair.VISION));
        for (String name : vision.names()) {
            if (vision.shape(name).length == 2 && !name.equals(VisionKeys.POSITIONS)) {
                put(vision, name, GgmlType.F16);
            }
        }
        for (String name : decoder.names()) {
            if (decoder.shape(name).length > 1 && !name.endsWith("ffn_gate_inp.weight")) {
                put(decoder, name, type(decoder.shape(name), isDelicate(name) ? more : most));
            }
        }
        Path blocks = Files.createDirectories(folder.resolve("blocks"));
        decoder.write(blocks.resolve(GgufPair.DECODER));
        vision.write(blocks.resolve(GgufPair.VISION));
        for (String name : decoder.names()) {
            decoder.withFloats(name, decoder.floats(name), decoder.shape(name));
        }
        if (isOld) {
            for (int layer = 0; layer < 3; layer++) {
                part(decoder, "blk.%d.".formatted(layer));
            }
        }
        Path decoded = Files.createDirectories(folder.resolve("decoded"));
        decoder.write(decoded.resolve(GgufPair.DECODER));
        vision.write(decoded.resolve(GgufPair.VISION));
    }

    public static ModelFiles files(Path pair) {
        return new ModelFiles.Gguf(
                pair.resolve(GgufPair.DECODER), Optional.of(pair.resolve(GgufPair.VISION)));
    }

    private static void put(GgufRewrite file, String name, GgmlType type) {
        file.withBlocks(name, type, BlockEncoder.encode(type, file.floats(name)), file.shape(name));
    }

    private static boolean isDelicate(String name) {
        return name.equals("output.weight")
                || name.contains("attn_v_b")
                || name.contains("blk.2.ffn_down")
                || name.contains("blk.0.ffn_down");
    }

    /// What is taken where rows are no whole blocks of 256.
    private static GgmlType type(long[] shape, GgmlType wanted) {
        if (shape[shape.length - 1] % wanted.blockLength() == 0) {
            return wanted;
        }
        return switch (wanted) {
            case Q4_K -> GgmlType.Q5_0;
            case Q5_K -> GgmlType.Q5_1;
            case Q6_K -> GgmlType.Q8_0;
            case Q2_K, Q3_K, IQ4_XS -> GgmlType.IQ4_NL;
            case F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL -> GgmlType.F16;
        };
    }

    /// As old converters leave a layer.
    private static void join(GgufRewrite file, String block) {
        float[] keys = file.floats(block + "attn_k_b.weight");
        float[] values = file.floats(block + "attn_v_b.weight");
        float[] joined = new float[keys.length + values.length];
        for (int head = 0; head < NUM_HEADS; head++) {
            int first = head * (NOPE + VALUE) * RANK;
            for (int i = 0; i < NOPE; i++) {
                for (int r = 0; r < RANK; r++) {
                    joined[first + i * RANK + r] = keys[(head * RANK + r) * NOPE + i];
                }
            }
            int length = VALUE * RANK;
            System.arraycopy(values, head * length, joined, first + NOPE * RANK, length);
        }
        file.without(block + "attn_k_b.weight", block + "attn_v_b.weight");
        file.withFloats(block + "attn_kv_b.weight", joined, NUM_HEADS * (NOPE + VALUE), RANK);
        if (file.names().contains(block + "ffn_gate_exps.weight")) {
            file.fuseGates(block);
        }
    }

    /// What [#join] joined.
    private static void part(GgufRewrite file, String block) {
        float[] joined = file.floats(block + "attn_kv_b.weight");
        float[] keys = new float[NUM_HEADS * RANK * NOPE];
        float[] values = new float[NUM_HEADS * VALUE * RANK];
        for (int head = 0; head < NUM_HEADS; head++) {
            int first = head * (NOPE + VALUE) * RANK;
            for (int i = 0; i < NOPE; i++) {
                for (int r = 0; r < RANK; r++) {
                    keys[(head * RANK + r) * NOPE + i] = joined[first + i * RANK + r];
                }
            }
            int length = VALUE * RANK;
            System.arraycopy(joined, first + NOPE * RANK, values, head * length, length);
        }
        file.without(block + "attn_kv_b.weight");
        file.withFloats(block + "attn_k_b.weight", keys, NUM_HEADS, RANK, NOPE);
        file.withFloats(block + "attn_v_b.weight", values, NUM_HEADS, VALUE, RANK);
        String name = block + "ffn_gate_up_exps.weight";
        if (file.names().contains(name)) {
            float[] fused = file.floats(name);
            long[] shape = file.shape(name);
            int length = (int) (shape[1] * shape[2] / 2);
            float[][] halves = new float[2][fused.length / 2];
            for (int i = 0; i < 2 * shape[0]; i++) {
                System.arraycopy(fused, i * length, halves[i % 2], i / 2 * length, length);
            }
            file.without(name);
            file.withFloats(
                    block + "ffn_gate_exps.weight", halves[0], shape[0], shape[1] / 2, shape[2]);
            file.withFloats(
                    block + "ffn_up_exps.weight", halves[1], shape[0], shape[1] / 2, shape[2]);
        }
    }
}
