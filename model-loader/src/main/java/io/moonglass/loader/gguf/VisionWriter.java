package io.moonglass.loader.gguf;

import io.moonglass.loader.config.ModelName;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.config.VisionConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.StoredTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A checkpoint's MoonViT and projector as keys and tensors of a GGUF file.
final class VisionWriter {

    private static final Pattern QKV =
            Pattern.compile("vision_tower\\.encoder\\.blocks\\.(\\d+)\\.wqkv\\.(weight|bias)");

    private final Checkpoint checkpoint;
    private final VisionConfig vision;
    private final PreprocessorConfig preprocessor;

    /// @param checkpoint with a vision part
    /// @throws ConfigException if the checkpoint has a setting that GGUF has no key for
    VisionWriter(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        this.vision = checkpoint.config().vision().orElseThrow();
        this.preprocessor = PreprocessorConfig.read(checkpoint.directory());
        if (vision.positionRows() != vision.positionColumns()) {
            throw new ConfigException(
                    "config.json: the table of positions is %d x %d; GGUF has room for a square one"
                            .formatted(vision.positionRows(), vision.positionColumns()));
        }
        if (!preprocessor.padInput()) {
            throw new ConfigException(
                    "preprocessor_config.json: pad_input is false; GGUF has no key for it, and readers pad");
        }
    }

    void writeKeys(GgufWriter.Builder file) {
        int patchSize = vision.patchSize();
        file.string("general.architecture", VisionKeys.ARCHITECTURE);
        file.string("general.type", "mmproj");
        file.string("general.name", ModelName.of(checkpoint.directory()));
        file.bool("clip.has_vision_encoder", true);
        file.string("clip.projector_type", VisionKeys.PROJECTOR);
        file.bool("clip.use_gelu", true);
        file.uint32(key("image_size"), (long) vision.positionRows() * patchSize);
        file.uint32(
                key("image_max_pixels"),
                (long) preprocessor.inTokenLimit() * patchSize * patchSize);
        file.uint32(key("patch_size"), patchSize);
        file.uint32(key("embedding_length"), vision.hiddenSize());
        file.uint32(key("feed_forward_length"), vision.intermediateSize());
        file.uint32(key("block_count"), vision.numLayers());
        file.uint32(key("attention.head_count"), vision.numHeads());
        file.float32(key("attention.layer_norm_epsilon"), VisionConfig.LAYER_NORM_EPS);
        file.uint32(key("projection_dim"), checkpoint.config().text().hiddenSize());
        file.uint32(key("projector.scale_factor"), vision.mergeSize());
        file.float32s(key("image_mean"), floats(preprocessor.imageMean()));
        file.float32s(key("image_std"), floats(preprocessor.imageStd()));
    }

    /// In the order in which they are computed with.
    List<RowsToWrite> tensors() {
        List<RowsToWrite> tensors = new ArrayList<>();
        TensorShapes.forEach(
                checkpoint.config(),
                (name, shape) -> {
                    if (!TensorNames.isVision(name)) {
                        return;
                    }
                    StoredTensor tensor = checkpoint.tensor(name);
                    tensor.checkShape(shape);
                    Matcher qkv = QKV.matcher(name);
                    if (qkv.matches()) {
                        addThirds(qkv.group(1), qkv.group(2), tensor, tensors);
                    } else {
                        String stored = TensorNames.vision(name).orElseThrow();
                        tensors.add(RowsToWrite.of(stored, tensor, flat(stored, shape), 0));
                    }
                });
        return tensors;
    }

    /// Of the table of positions, rows and columns are one dimension.
    private static long[] flat(String stored, long[] shape) {
        return stored.equals(VisionKeys.POSITIONS)
                ? new long[] {shape[0] * shape[1], shape[2]}
                : shape;
    }

    private static void addThirds(
            String block, String kind, StoredTensor joined, List<RowsToWrite> tensors) {
        long[] shape = joined.shape().clone();
        shape[0] /= 3;
        long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        long from = 0;
        for (String part : List.of("q", "k", "v")) {
            String name = "v.blk.%s.attn_%s.%s".formatted(block, part, kind);
            tensors.add(RowsToWrite.of(name, joined, shape, from));
            from += size;
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static String key(String name) {
        return "clip.vision." + name;
    }
}
