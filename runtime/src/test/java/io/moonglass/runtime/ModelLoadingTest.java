package io.moonglass.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.loader.GoldenPrompt;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.runtime.admission.QueueLimits;
import io.moonglass.vision.VisionBackend;
import io.moonglass.vision.image.ImageLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Checkpoints that load and checkpoints that cannot: one clear fault, and nothing stays behind.
class ModelLoadingTest {

    private static final String INDEX = "model.safetensors.index.json";
    private static final String FIRST_SHARD = "model-00001-of-00002.safetensors";
    private static final String NORM = "language_model.model.norm.weight";

    @TempDir private Path temporary;
    private Path model;
    private Path work;

    @BeforeEach
    void makeFolders() throws IOException {
        model = Files.createDirectory(temporary.resolve("model"));
        work = temporary.resolve("work");
    }

    @AfterEach
    void nothing_stays_behind() throws Exception {
        awaitNoThreads("moonglass-");
        Path maps = Path.of("/proc/self/maps");
        if (Files.isReadable(maps)) { // Linux
            List<String> mapped =
                    Files.readAllLines(maps).stream()
                            .filter(line -> line.contains(temporary.toString()))
                            .toList();
            assertEquals(List.of(), mapped);
        }
        if (Files.exists(work)) {
            try (Stream<Path> left = Files.list(work)) {
                assertEquals(List.of(), left.toList());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(VisionBackend.class)
    void a_model_can_be_loaded_and_closed_again_and_again(VisionBackend vision) throws Exception {
        TestModels.copyOfTinyRandom(model);
        GoldenPrompt prompt = GoldenPrompt.named("image");
        for (int i = 0; i < 2; i++) {
            try (LocalChatModel loaded = LocalChatModel.load(model, options().withVision(vision))) {
                Answer answer = Answer.to(loaded, GoldenRequests.of(prompt));
                assertEquals(prompt.newIds(), answer.finished().tokenIds());
            }
            nothing_stays_behind();
        }
    }

    @Test
    void a_text_only_checkpoint_answers_as_the_whole_one_and_takes_no_pictures() throws Exception {
        TestModels.writeTextOnly(model);
        GoldenPrompt text = GoldenPrompt.named("text");
        try (LocalChatModel loaded = load()) {
            Answer answer = Answer.to(loaded, GoldenRequests.of(text));
            assertEquals(text.newIds(), answer.finished().tokenIds());
            assertEquals(text.newText(), answer.text());
            assertEquals(FinishReason.LENGTH, answer.finished().reason());

            ChatRequest withPicture = GoldenRequests.of(GoldenPrompt.named("multi_turn"));
            InvalidRequestException e =
                    assertThrows(
                            InvalidRequestException.class,
                            () -> loaded.generate(withPicture, _ -> {}));
            assertEquals(InvalidRequestException.Kind.UNSUPPORTED_FEATURE, e.kind());
            assertEquals("messages[0].content[0].image_url.url", e.param());
            assertTrue(e.getMessage().contains("reads text only"), e.getMessage());
        }
    }

    @Test
    void a_snapshot_of_a_cache_is_called_by_its_repository() throws IOException {
        Path snapshot =
                Files.createDirectories(
                        temporary.resolve("models--moonshotai--Kimi-VL-A3B/snapshots/0a1b2c"));
        try (LocalChatModel loaded =
                LocalChatModel.load(TestModels.writeTextOnly(snapshot), options())) {
            assertEquals("moonshotai/Kimi-VL-A3B", loaded.name());
        }
    }

    @Test
    void generation_settings_become_the_defaults_of_sampling() throws IOException {
        TestModels.writeTextOnly(model);
        Files.writeString(
                model.resolve("generation_config.json"),
                "{\"do_sample\": true, \"temperature\": 0.2, \"top_p\": 0.9, \"eos_token_id\": 770}");
        try (LocalChatModel loaded = load()) {
            assertEquals(
                    SamplingParameters.GREEDY.withTemperature(0.2).withTopP(0.9),
                    loaded.defaultSampling());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "config.json",
                "preprocessor_config.json",
                "tiktoken.model",
                "tokenizer_config.json",
                FIRST_SHARD
            })
    void a_missing_file_is_named(String file) throws IOException {
        TestModels.copyOfTinyRandom(model);
        Files.delete(model.resolve(file));

        refused(file);
    }

    @Test
    void a_missing_template_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        Files.delete(model.resolve("chat_template.jinja"));
        edit("tokenizer_config.json", text -> text.replace("\"chat_template\"", "\"no_template\""));

        refused("chat_template");
    }

    @Test
    void a_missing_index_or_folder_is_named() throws IOException {
        refusedWith(ConfigException.class, model.resolve("none"), "no such folder");
        TestModels.copyOfTinyRandom(model);
        Files.delete(model.resolve(INDEX));

        refused(INDEX);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "config.json",
                "preprocessor_config.json",
                "tokenizer_config.json",
                "generation_config.json",
                INDEX
            })
    void json_that_is_none_is_named(String file) throws IOException {
        TestModels.copyOfTinyRandom(model);
        edit(file, text -> text.substring(0, text.length() / 2));

        refusedWith(ConfigException.class, model, file);
    }

    @Test
    void a_template_that_is_none_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        Files.writeString(model.resolve("chat_template.jinja"), "{% for x in %}{{");

        refused("chat_template.jinja");
    }

    @Test
    void a_vocabulary_that_is_none_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        Files.writeString(model.resolve("tiktoken.model"), "!!! not a vocabulary\n");

        refused("tiktoken.model");
    }

    @Test
    void a_truncated_shard_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        byte[] shard = Files.readAllBytes(model.resolve(FIRST_SHARD));
        for (int length : new int[] {0, 7, 8, 100, shard.length / 2, shard.length - 1}) {
            Files.write(model.resolve(FIRST_SHARD), Arrays.copyOf(shard, length));
            refused(FIRST_SHARD);
        }
    }

    @Test
    void a_header_longer_than_its_file_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        byte[] shard = Files.readAllBytes(model.resolve(FIRST_SHARD));
        for (long length : new long[] {shard.length, Long.MAX_VALUE, -1}) {
            ByteBuffer.wrap(shard).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
            Files.write(model.resolve(FIRST_SHARD), shard);
            refused(FIRST_SHARD);
        }
    }

    @Test
    void tensors_that_overlap_are_named() throws IOException {
        Path weights = TestModels.writeTextOnly(model).resolve("model.safetensors");
        editHeader(
                weights,
                header ->
                        Pattern.compile("(\"data_offsets\":\\[)([1-9]\\d*),(\\d+)")
                                .matcher(header)
                                .replaceFirst(found ->
                                        "%s%d,%d"
                                                .formatted(
                                                        found.group(1),
                                                        Long.parseLong(found.group(2)) - 2,
                                                        Long.parseLong(found.group(3)) - 2)));

        refused("overlap");
    }

    @Test
    void a_tensor_of_the_wrong_shape_or_type_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        edit("config.json", text -> text.replace("\"kv_lora_rank\": 32", "\"kv_lora_rank\": 16"));
        refused("kv_a_proj_with_mqa.weight");

        Path weights = TestModels.writeTextOnly(Files.createDirectory(model.resolve("text")));
        model = weights;
        editHeader(
                weights.resolve("model.safetensors"),
                header ->
                        header.replace(
                                "\"model.norm.weight\":{\"dtype\":\"BF16\"",
                                "\"model.norm.weight\":{\"dtype\":\"F16\""));
        refused("model.norm.weight");
    }

    @Test
    void a_tensor_that_is_not_there_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        edit(INDEX, text -> text.replaceFirst("\"" + NORM + "\": \"[^\"]*\",", ""));
        refused(NORM);
    }

    @Test
    void a_missing_tensor_of_the_picture_encoder_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        String bias = "vision_tower.encoder.blocks.1.wo.bias";
        edit(INDEX, text -> text.replaceFirst("\"" + bias + "\": \"[^\"]*\",", ""));
        refused(bias);
    }

    @Test
    void an_index_that_leaves_its_folder_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        edit(INDEX, text -> text.replace("\"" + FIRST_SHARD, "\"../" + FIRST_SHARD));
        refused(INDEX);
    }

    @Test
    void a_preprocessor_of_another_model_is_named() throws IOException {
        TestModels.copyOfTinyRandom(model);
        edit(
                "preprocessor_config.json",
                text -> text.replace("\"patch_size\": 14", "\"patch_size\": 16"));
        refused("preprocessor_config.json");
    }

    private LocalChatModel load() {
        return LocalChatModel.load(model, options());
    }

    private ChatModelOptions options() {
        return new ChatModelOptions(
                Optional.empty(),
                2,
                Optional.empty(),
                ImageLimits.DEFAULT,
                8,
                VisionBackend.NATIVE,
                work,
                QueueLimits.DEFAULT);
    }

    private void refused(String named) {
        refusedWith(RuntimeException.class, model, named);
    }

    private void refusedWith(Class<? extends RuntimeException> kind, Path directory, String named) {
        RuntimeException e =
                assertThrows(kind, () -> LocalChatModel.load(directory, options()).close());
        assertTrue(e instanceof ConfigException || e instanceof ModelFormatException, e.toString());
        assertTrue(e.getMessage().contains(named), e.getMessage());
        assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
    }

    private void edit(String file, UnaryOperator<String> change) throws IOException {
        String before = Files.readString(model.resolve(file));
        String after = change.apply(before);
        assertTrue(!after.equals(before), "the test changes nothing in " + file);
        Files.writeString(model.resolve(file), after);
    }

    /// Changes the header of a safetensors file and leaves its data.
    private static void editHeader(Path file, UnaryOperator<String> change) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int length = Math.toIntExact(bytes.getLong());
        String before = new String(bytes.array(), Long.BYTES, length, StandardCharsets.UTF_8);
        String after = change.apply(before);
        assertTrue(!after.equals(before), "the test changes nothing in " + file);
        byte[] header = after.getBytes(StandardCharsets.UTF_8);
        int data = Long.BYTES + length;
        Files.write(
                file,
                ByteBuffer.allocate(Long.BYTES + header.length + bytes.capacity() - data)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(header.length)
                        .put(header)
                        .put(bytes.array(), data, bytes.capacity() - data)
                        .array());
    }

    /// Threads end soon after they are told to.
    private static void awaitNoThreads(String prefix) throws InterruptedException {
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith(prefix)) {
                thread.join(10_000);
                assertTrue(!thread.isAlive(), thread.getName());
            }
        }
    }
}
