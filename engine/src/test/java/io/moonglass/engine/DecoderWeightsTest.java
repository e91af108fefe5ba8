package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.WeightMatrix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecoderWeightsTest {

    @TempDir private Path folder;

    @BeforeEach
    void copyTheModel() {
        TestModels.copyOfTinyRandom(folder);
    }

    @Test
    void bfloat16_weights_stay_as_they_are_stored() {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            DecoderWeights weights = DecoderWeights.from(checkpoint);

            assertEquals(ElementType.BF16, ((WeightMatrix) weights.head()).type());
            assertEquals(
                    checkpoint.tensor("language_model.lm_head.weight").data().address(),
                    ((WeightMatrix) weights.head()).data().address());
        }
    }

    @Test
    void a_shape_unlike_the_configuration_is_refused_by_name() throws IOException {
        change(folder.resolve("config.json"), "\"kv_lora_rank\": 32", "\"kv_lora_rank\": 33");

        refused("self_attn.kv_a_proj_with_mqa.weight is [40, 64], config.json makes it [41, 64]");
    }

    @Test
    void a_layer_that_is_not_stored_is_refused_by_name() throws IOException {
        String config = Files.readString(folder.resolve("config.json"));
        int text = config.indexOf("\"text_config\"");
        Files.writeString(
                folder.resolve("config.json"),
                config.substring(0, text)
                        + config.substring(text)
                                .replaceFirst("(\"num_hidden_layers\"): 3", "$1: 4"));

        refused("no tensor language_model.model.layers.3.input_layernorm.weight");
    }

    @Test
    void an_element_type_that_is_not_computed_with_is_refused_by_name() throws IOException {
        for (int shard = 1; shard <= 2; shard++) {
            change(
                    folder.resolve("model-0000%d-of-00002.safetensors".formatted(shard)),
                    "\"BF16\"",
                    "\"F16\" ");
        }

        refused("is stored as F16; want BF16 or F32");
    }

    private void refused(String message) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            ModelFormatException refusal =
                    assertThrows(ModelFormatException.class, () -> DecoderWeights.from(checkpoint));
            assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
        }
    }

    private static void change(Path file, String from, String to) throws IOException {
        String before = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertTrue(before.contains(from), file + " holds no " + from);
        Files.writeString(file, before.replace(from, to), StandardCharsets.ISO_8859_1);
    }
}
