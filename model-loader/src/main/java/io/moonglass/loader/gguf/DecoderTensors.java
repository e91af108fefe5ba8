package io.moonglass.loader.gguf;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.fault.ModelFormatException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds a checkpoint's tensors in a decoder's file.
final class DecoderTensors {

    private static final Pattern EXPERT =
            Pattern.compile(
                    "model\\.layers\\.(\\d+)\\.mlp\\.experts\\.(\\d+)\\.(gate|up|down)_proj\\.weight");
    private static final Pattern LATENTS =
            Pattern.compile("model\\.layers\\.(\\d+)\\.self_attn\\.kv_b_proj\\.weight");

    private final StoredTensors stored;
    private final TextConfig text;

    DecoderTensors(GgufFile file, TextConfig text) {
        this.stored = new StoredTensors(file);
        this.text = text;
    }

    /// @param name  without `language_model.`
    /// @param shape as the configuration makes it
    /// @throws ModelFormatException if it is not there or has another shape
    FoundTensor find(String name, long[] shape) {
        Matcher expert = EXPERT.matcher(name);
        if (expert.matches()) {
            int number = Integer.parseInt(expert.group(2));
            return expert("blk." + expert.group(1) + ".", number, expert.group(3), shape);
        }
        Matcher latents = LATENTS.matcher(name);
        if (latents.matches()) {
            return latents("blk." + latents.group(1) + ".", shape);
        }
        String found = TensorNames.decoder(name).orElseThrow();
        String old = found.replace("exp_probs_b.bias", "exp_probs_b");
        return stored.whole(stored.has(found) ? found : old, shape);
    }

    /// A part of a stack; gate and up may lie in one, each expert's gate before its up.
    private FoundTensor expert(String block, int number, String part, long[] shape) {
        long size = shape[0] * shape[1];
        String fused = block + "ffn_gate_up_exps.weight";
        if (!part.equals("down") && stored.has(fused)) {
            GgufTensor stack = stored.tensor(fused, text.numExperts(), 2 * shape[0], shape[1]);
            long first = part.equals("gate") ? 2L * number : 2L * number + 1;
            return FoundTensor.Joined.of(shape, new FoundTensor.Piece(stack, first * size, size));
        }
        GgufTensor stack =
                stored.tensor(
                        block + "ffn_" + part + "_exps.weight",
                        text.numExperts(),
                        shape[0],
                        shape[1]);
        return FoundTensor.Joined.of(shape, new FoundTensor.Piece(stack, number * size, size));
    }

    private FoundTensor latents(String block, long[] shape) {
        if (stored.has(block + "attn_kv_b.weight")) {
            return stored.whole(block + "attn_kv_b.weight", shape);
        }
        return new FoundTensor.Latents(
                stored.tensor(
                        block + "attn_k_b.weight",
                        text.numHeads(),
                        text.kvLoraRank(),
                        text.qkNopeHeadDim()),
                stored.tensor(
                        block + "attn_v_b.weight",
                        text.numHeads(),
                        text.vHeadDim(),
                        text.kvLoraRank()),
                text.numHeads(),
                text.qkNopeHeadDim(),
                text.vHeadDim(),
                text.kvLoraRank());
    }
}
