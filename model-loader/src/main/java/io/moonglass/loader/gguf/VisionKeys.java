package io.moonglass.loader.gguf;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.config.VisionConfig;
import io.moonglass.loader.fault.ModelFormatException;
import java.util.Arrays;
import java.util.List;

/// MoonViT's configuration, from the keys of a vision file.
final class VisionKeys {

    static final String ARCHITECTURE = "clip";
    static final String PROJECTOR = "kimivl";
    static final String POSITIONS = "v.position_embd.weight";

    private static final int MERGE_SIZE = 2;

    private final GgufFile file;
    private final GgufMetadata keys;
    private final FamilySettings family;

    VisionKeys(GgufFile file, FamilySettings family) {
        this.file = file;
        this.keys = file.metadata();
        this.family = family;
    }

    /// @throws ModelFormatException if the file is no vision part of the family
    static void check(GgufFile file) {
        GgufMetadata keys = file.metadata();
        if (!keys.string("general.architecture").equals(ARCHITECTURE)) {
            throw keys.wrong(
                    "general.architecture",
                    "\"%s\": a vision part, which is often called mmproj-*.gguf"
                            .formatted(ARCHITECTURE));
        }
        String projector =
                keys.has("clip.projector_type")
                        ? "clip.projector_type"
                        : "clip.vision.projector_type";
        if (!keys.string(projector).equals(PROJECTOR)) {
            throw keys.wrong(
                    projector,
                    "\"%s\": others order queries and keys in another way".formatted(PROJECTOR));
        }
    }

    /// What `vision_config` of config.json would hold.
    ObjectNode visionConfig() {
        refuseWhatIsNotBuilt();
        ObjectNode vision = JsonNodeFactory.instance.objectNode();
        vision.put("model_type", "moonvit");
        vision.put("hidden_size", positive("embedding_length"));
        vision.put("intermediate_size", positive("feed_forward_length"));
        vision.put("num_hidden_layers", positive("block_count", DecoderKeys.MAX_LAYERS));
        vision.put("num_attention_heads", positive("attention.head_count", DecoderKeys.MAX_COUNT));
        vision.put("patch_size", positive("patch_size", DecoderKeys.MAX_COUNT));
        int side = positionSide();
        vision.put("init_pos_emb_height", side);
        vision.put("init_pos_emb_width", side);
        vision.putArray("merge_kernel_size").add(MERGE_SIZE).add(MERGE_SIZE);
        return vision;
    }

    /// What preprocessor_config.json would hold.
    ObjectNode preprocessorConfig() {
        ObjectNode preprocessor = JsonNodeFactory.instance.objectNode();
        int patchSize = positive("patch_size", DecoderKeys.MAX_COUNT);
        preprocessor.put("patch_size", patchSize);
        preprocessor.put("in_token_limit", tokenLimit(patchSize));
        preprocessor.put("pad_input", family.take("pad_input", true));
        put(preprocessor, "image_mean");
        put(preprocessor, "image_std");
        preprocessor.putArray("merge_kernel_size").add(MERGE_SIZE).add(MERGE_SIZE);
        return preprocessor;
    }

    private int tokenLimit(int patchSize) {
        String key = key("image_max_pixels");
        if (!keys.has(key)) {
            return family.take("in_token_limit", family.release().tokenLimit());
        }
        long limit = keys.integer(key) / ((long) patchSize * patchSize);
        if (limit < 1 || limit > Integer.MAX_VALUE) {
            throw keys.wrong(key, "the pixels of one patch or more");
        }
        return (int) limit;
    }

    private void put(ObjectNode preprocessor, String name) {
        List<Double> channels =
                keys.has(key(name))
                        ? Arrays.stream(keys.reals(key(name))).boxed().toList()
                        : family.take(name, Release.CHANNELS);
        if (channels.size() != Release.CHANNELS.size()) {
            throw keys.wrong(key(name), "a number for each of red, green and blue");
        }
        channels.forEach(preprocessor.putArray(name)::add);
    }

    private void refuseWhatIsNotBuilt() {
        String merge = key("projector.scale_factor");
        if (keys.has(merge) && keys.integer(merge) != MERGE_SIZE) {
            throw keys.wrong(merge, "%d".formatted(MERGE_SIZE));
        }
        String epsilon = key("attention.layer_norm_epsilon");
        if (keys.has(epsilon) && (float) keys.real(epsilon) != VisionConfig.LAYER_NORM_EPS) {
            throw keys.wrong(epsilon, "%s".formatted(VisionConfig.LAYER_NORM_EPS));
        }
    }

    /// The file flattens the table, which is square.
    private int positionSide() {
        GgufTensor table =
                file.tensor(POSITIONS)
                        .orElseThrow(() ->
                                new ModelFormatException(
                                        "%s: no tensor %s; want a whole vision part: take another file"
                                                .formatted(file.path().getFileName(), POSITIONS)));
        long rows = table.size() / table.rowLength();
        long side = Math.round(Math.sqrt(rows));
        if (side * side != rows) {
            throw new ModelFormatException(
                    "%s: tensor %s has %d rows; want those of a square table: take another file"
                            .formatted(file.path().getFileName(), POSITIONS, rows));
        }
        return (int) side;
    }

    private int positive(String name) {
        return positive(name, DecoderKeys.MAX_SIZE);
    }

    private int positive(String name, int most) {
        return DecoderKeys.positive(keys, key(name), most);
    }

    private static String key(String name) {
        return "clip.vision." + name;
    }
}
