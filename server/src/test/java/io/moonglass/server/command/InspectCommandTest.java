package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.safetensors.Checkpoint;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {

    private static final ModelOpener NO_MODEL =
            (_, _) -> {
                throw new AssertionError("inspect opens no model");
            };

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void a_config_alone_gives_the_released_models_sizes() {
        String report = inspect(TestModels.realConfig());

        assertHas(report, "cache 31,104 bytes for each token in bfloat16, 62,208 in float32");
        assertHas(report, "context length 131,072 tokens");
        assertHas(report, "decoder 27 layers (1 dense, 26 with experts)");
        assertHas(report, "MoonViT 329 416,866,032");
        assertHas(report, "projector 6 ");
        assertHas(report, "total 5,652 16,407,656,048");
        assertHas(report, "active 2,579,231,872 parameters");
        assertHas(report, "none here; the sizes above follow from config.json");
        assertHas(report, "tokenizer none here");
    }

    @Test
    void a_checkpoint_is_counted_as_it_is_stored() {
        String report = inspect(TestModels.tinyRandom());

        assertHas(report, "total 120 562,928");
        assertHas(report, "weights 1,140,624 bytes in 2 files; in bytes: BF16 1,125,824, F32 64");
        assertHas(report, "tokenizer 768 pieces");
        assertHas(report, "special tokens 16: 768 [BOS], 769 [EOS]");
        assertHas(report, "chat template chat_template.jinja");
        assertTrue(!report.contains("\nnote"), report);
    }

    @Test
    void what_config_json_asks_for_is_what_a_checkpoint_holds() {
        Map<String, String> stored = new HashMap<>();
        try (Checkpoint checkpoint = Checkpoint.open(TestModels.tinyRandom())) {
            checkpoint
                    .tensors()
                    .forEach(tensor -> stored.put(tensor.name(), Arrays.toString(tensor.shape())));
        }
        Map<String, String> wanted = new HashMap<>();
        TensorShapes.of(ModelConfig.read(TestModels.tinyRandom()))
                .forEach((name, shape) -> wanted.put(name, Arrays.toString(shape)));

        assertEquals(stored, wanted);
        assertTrue(
                stored.keySet().stream().noneMatch(name -> ModelPart.of(name) == ModelPart.OTHER));
    }

    @Test
    void a_text_only_checkpoint_has_no_vision(@TempDir Path directory) throws Exception {
        Files.writeString(
                directory.resolve("config.json"),
                """
                {"model_type": "deepseek_v3", "vocab_size": 10, "hidden_size": 8,
                 "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 6,
                 "moe_intermediate_size": 3, "n_routed_experts": 4, "n_shared_experts": 1,
                 "num_experts_per_tok": 2, "first_k_dense_replace": 1, "kv_lora_rank": 4,
                 "qk_nope_head_dim": 2, "qk_rope_head_dim": 2, "v_head_dim": 3,
                 "rope_theta": 50000.0, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
                 "tie_word_embeddings": true}
                """);

        String report = inspect(directory);

        assertHas(report, "vision none: text only");
        // embeddings 10*8; 2 layers of attention 8*8 + 6*8 + 4 + 10*4 + 8*6; dense 3*8*6;
        // experts 4*3*8*3, shared 3*8*3, router 4*8 + 4; norms 5*8; the head is the embeddings
        assertHas(report, "total 36 1,068");
        assertHas(report, "active 924 parameters");
        assertTrue(!report.contains("MoonViT 3"), report);
    }

    @Test
    void weights_of_another_size_than_the_config_are_noted(@TempDir Path directory)
            throws Exception {
        Path config = TestModels.copyOfTinyRandom(directory).resolve("config.json");
        Files.writeString(
                config,
                Files.readString(config)
                        .replace("\"n_routed_experts\": 8", "\"n_routed_experts\": 16"));

        assertHas(inspect(directory), "note config.json makes 711,424 parameters");
    }

    private String inspect(Path directory) {
        int exitCode =
                Main.run(
                        NO_MODEL,
                        new PrintWriter(out, true),
                        new PrintWriter(err, true),
                        "inspect",
                        directory.toString());
        assertEquals(0, exitCode, err.toString());
        return out.toString();
    }

    /// Asserts that a line has these words, whatever the space between them.
    private static void assertHas(String report, String words) {
        assertTrue(report.replaceAll(" +", " ").contains(words), report);
    }
}
