package io.moonglass.loader.gguf;

import io.moonglass.loader.config.VisionConfig;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds a checkpoint's tensors in a vision file. None is permuted: the file's projector type says so.
final class VisionTensors {

    private static final Pattern QKV =
            Pattern.compile("vision_tower\\.encoder\\.blocks\\.(\\d+)\\.wqkv\\.(weight|bias)");

    private final StoredTensors stored;
    private final boolean isUpDown;

    VisionTensors(GgufFile file, VisionConfig config) {
        this.stored = new StoredTensors(file);
        // Old converters called the first of the two matrices "down".
        this.isUpDown =
                file.tensor("v.blk.0.ffn_up.weight")
                        .map(up -> up.shape()[0] == config.intermediateSize())
                        .orElse(true);
    }

    /// @param shape as the configuration makes it
    /// @throws io.moonglass.loader.fault.ModelFormatException if it is not there or has another shape
    FoundTensor find(String name, long[] shape) {
        Matcher qkv = QKV.matcher(name);
        if (qkv.matches()) {
            String block = "v.blk." + qkv.group(1) + ".attn_";
            long[] third = shape.clone();
            third[0] = shape[0] / 3;
            FoundTensor.Piece[] pieces =
                    Arrays.stream(new String[] {"q", "k", "v"})
                            .map(part -> stored.tensor(block + part + "." + qkv.group(2), third))
                            .map(FoundTensor.Piece::whole)
                            .toArray(FoundTensor.Piece[]::new);
            return FoundTensor.Joined.of(shape, pieces);
        }
        return stored.whole(TensorNames.vision(name).map(this::named).orElseThrow(), shape);
    }

    private String named(String name) {
        if (isUpDown) {
            return name;
        }
        return name.contains(".ffn_up.")
                ? name.replace(".ffn_up.", ".ffn_down.")
                : name.replace(".ffn_down.", ".ffn_up.");
    }
}
