package io.moonglass.loader.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String INDEX = "model.safetensors.index.json";
    private static final String SHARD = "model-00001-of-00002.safetensors";
    private static final String NORM = "language_model.model.norm.weight";

    @TempDir private Path directory;

    @Test
    void the_recorded_checkpoint_opens() {
        try (Checkpoint checkpoint = Checkpoint.open(TestModels.tinyRandom())) {
            assertEquals("kimi_vl", checkpoint.config().modelType());
            assertArrayEquals(new long[] {64}, checkpoint.tensor(NORM).shape());
            assertTrue(checkpoint.has("vision_tower.patch_embed.proj.weight"));
        }
    }

    @Test
    void it_may_be_closed_again() {
        Checkpoint checkpoint = Checkpoint.open(TestModels.tinyRandom());
        checkpoint.close();
        checkpoint.close();
        assertFalse(checkpoint.tensors().iterator().next().data().scope().isAlive());
    }

    @Test
    void tables_that_follow_from_the_configuration_are_left_out() throws IOException {
        String index = Files.readString(TestModels.tinyRandom().resolve(INDEX));
        assertTrue(index.contains("rotary_emb.inv_freq"));
        try (Checkpoint checkpoint = Checkpoint.open(TestModels.tinyRandom())) {
            assertTrue(
                    checkpoint.tensors().stream()
                            .noneMatch(tensor -> tensor.name().contains("inv_freq")));
        }
    }

    @Test
    void a_cache_snapshot_of_symbolic_links_opens() throws IOException {
        Path blobs = Files.createDirectories(directory.resolve("blobs"));
        Path snapshot = Files.createDirectories(directory.resolve("snapshots/abc"));
        int blob = 0;
        try (Stream<Path> files = Files.list(TestModels.tinyRandom())) {
            for (Path file : files.toList()) {
                String name = "blob" + blob++;
                Files.copy(file, blobs.resolve(name));
                Files.createSymbolicLink(
                        snapshot.resolve(file.getFileName()), Path.of("../../blobs", name));
            }
        }
        try (Checkpoint checkpoint = Checkpoint.open(snapshot)) {
            assertTrue(checkpoint.has(NORM));
        }
    }

    @Test
    void a_text_only_checkpoint_with_flat_configuration_and_names_opens() {
        TestModels.writeTextOnly(directory);
        try (Checkpoint kimi = Checkpoint.open(TestModels.tinyRandom());
                Checkpoint moonlight = Checkpoint.open(directory)) {
            assertEquals("", moonlight.config().languagePrefix());
            assertTrue(moonlight.config().vision().isEmpty());
            assertEquals(kimi.config().text(), moonlight.config().text());
            assertArrayEquals(
                    kimi.tensor(NORM).floats(), moonlight.tensor("model.norm.weight").floats());
            assertFalse(moonlight.has("vision_tower.patch_embed.proj.weight"));
        }
    }

    @Test
    void a_missing_folder_is_the_operators_fault() {
        ConfigException e =
                assertThrows(
                        ConfigException.class, () -> Checkpoint.open(directory.resolve("none")));
        assertTrue(e.getMessage().contains("no such folder"), e.getMessage());
    }

    @Test
    void a_folder_without_weights_is_refused() throws IOException {
        copyOfTiny();
        Files.delete(directory.resolve(INDEX));
        refused(ModelFormatException.class, "neither " + INDEX + " nor model.safetensors is there");
    }

    @Test
    void a_shard_that_is_cut_short_is_refused() throws IOException {
        copyOfTiny();
        byte[] bytes = Files.readAllBytes(directory.resolve(SHARD));
        Files.write(directory.resolve(SHARD), Arrays.copyOf(bytes, bytes.length - 1));
        refused(ModelFormatException.class, "the file is cut short or damaged");
    }

    @Test
    void a_missing_shard_is_refused() throws IOException {
        copyOfTiny();
        Files.delete(directory.resolve(SHARD));
        refused(ModelFormatException.class, SHARD + ", which is not there");
    }

    @Test
    void a_tensor_that_its_shard_does_not_hold_is_refused() throws IOException {
        copyOfTiny();
        changeIndex(weights -> weights.put("extra.weight", SHARD));
        refused(ModelFormatException.class, SHARD + ": no tensor extra.weight");
    }

    @Test
    void an_index_cannot_reach_out_of_its_folder() throws IOException {
        copyOfTiny();
        for (String shard :
                List.of(
                        "../outside.safetensors",
                        "/etc/passwd",
                        "..\\outside.safetensors",
                        "C:x",
                        "..",
                        ".",
                        "",
                        "a\u0000b",
                        "./" + SHARD)) {
            changeIndex(weights -> weights.put(NORM, shard));
            refused(ModelFormatException.class, "want the plain name of a file in this folder");
        }
    }

    @Test
    void an_index_that_is_no_json_of_the_right_kind_is_refused() throws IOException {
        copyOfTiny();
        for (String index :
                List.of("", "{", "[]", "{} x", "{\"a\": 1, \"a\": 2}", "[".repeat(100_000))) {
            Files.writeString(directory.resolve(INDEX), index);
            refused(ConfigException.class, INDEX + ": ");
        }
        Files.writeString(directory.resolve(INDEX), "{}");
        refused(ConfigException.class, "weight_map is missing");
        Files.writeString(directory.resolve(INDEX), "{\"weight_map\": {\"a\": 1}}");
        refused(ConfigException.class, "weight_map.a is 1; want a string");
    }

    @Test
    void configuration_errors_name_the_key() throws IOException {
        configRefused(
                "text_config.kv_lora_rank is \"512\"",
                text -> text.replace("\"kv_lora_rank\": 32", "\"kv_lora_rank\": \"512\""));
        configRefused(
                "text_config.hidden_size is 0",
                text ->
                        text.replaceFirst(
                                "\"hidden_size\": 64(?=,\\s+\"num_hidden_layers\": 3)",
                                "\"hidden_size\": 0"));
        configRefused(
                "text_config.rope_theta is \"Infinity\"",
                text -> text.replace("\"rope_theta\": 800000.0", "\"rope_theta\": 1e999"));
        configRefused(
                "text_config.q_lora_rank is 5",
                text -> text.replace("\"q_lora_rank\": null", "\"q_lora_rank\": 5"));
        configRefused(
                "text_config.scoring_func is \"softmax\"",
                text -> text.replace("\"sigmoid\"", "\"softmax\""));
        configRefused(
                "vision_config.patch_size is missing",
                text -> text.replace("\"patch_size\": 14,", ""));
        configRefused(
                "media_placeholder_token_id is -1",
                text ->
                        text.replace(
                                "\"media_placeholder_token_id\": 789",
                                "\"media_placeholder_token_id\": -1"));
        configRefused("model_type is \"llama\"", text -> text.replace("\"kimi_vl\"", "\"llama\""));
        configRefused("text_config is missing", text -> "{\"model_type\": \"kimi_vl\"}");
        configRefused("no valid JSON", text -> "{\"model_type\": ");
        configRefused("no valid JSON", text -> text + "}");
        configRefused("no valid JSON", text -> "{\"a\":".repeat(100_000));
        configRefused("want one JSON object", text -> "");
        configRefused("want one JSON object", text -> "[]");
    }

    private void configRefused(String message, UnaryOperator<String> change) throws IOException {
        String config = Files.readString(TestModels.tinyRandom().resolve("config.json"));
        Files.writeString(directory.resolve("config.json"), change.apply(config));
        refused(ConfigException.class, message);
    }

    private void refused(Class<? extends RuntimeException> kind, String message) {
        RuntimeException e = assertThrows(kind, () -> Checkpoint.open(directory).close());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    private void copyOfTiny() {
        TestModels.copyOfTinyRandom(directory);
    }

    private void changeIndex(Consumer<ObjectNode> change) throws IOException {
        ObjectNode index =
                (ObjectNode) JSON.readTree(TestModels.tinyRandom().resolve(INDEX).toFile());
        change.accept((ObjectNode) index.get("weight_map"));
        JSON.writeValue(directory.resolve(INDEX).toFile(), index);
    }
}
