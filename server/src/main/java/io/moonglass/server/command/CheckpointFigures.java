package io.moonglass.server.command;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.config.VisionConfig;

/// What `moonglass inspect --json` prints of one checkpoint.
record CheckpointFigures(ModelConfig config, TensorInventory inventory) {

    ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        TextConfig text = config.text();
        root.put("model_type", config.modelType());
        root.put("context_length", text.maxPositionEmbeddings());
        root.putObject("decoder")
                .put("layers", text.numLayers())
                .put("hidden_size", text.hiddenSize())
                .put("heads", text.numHeads())
                .put("routed_experts", text.numExperts())
                .put("experts_per_token", text.numExpertsPerToken())
                .put("shared_experts", text.numSharedExperts())
                .put("cache_numbers_per_token", (long) text.numLayers() * text.cacheRowSize());
        config.vision().ifPresent(vision -> write(vision, root.putObject("vision")));
        ObjectNode parts = root.putObject("parts");
        for (ModelPart part : ModelPart.values()) {
            if (inventory.size(part).numTensors() > 0) {
                write(inventory.size(part), parts.putObject(part.label().replace(' ', '_')));
            }
        }
        write(inventory.total(), root.putObject("total"));
        inventory
                .disk()
                .ifPresent(disk ->
                        root.putObject("weights")
                                .put("files", disk.numFiles())
                                .put("bytes", disk.numBytes()));
        return root;
    }

    private static void write(VisionConfig vision, ObjectNode node) {
        node.put("layers", vision.numLayers())
                .put("hidden_size", vision.hiddenSize())
                .put("heads", vision.numHeads())
                .put("patch_size", vision.patchSize());
    }

    private static void write(TensorInventory.Size size, ObjectNode node) {
        node.put("tensors", size.numTensors()).put("parameters", size.numParameters());
    }
}
