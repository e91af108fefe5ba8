package io.moonglass.runtime.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.vision.VisionBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The check passes what was recorded, and every kind of damage shows.
class GoldenCheckTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PROMPTS = "prompts.json";

    @TempDir private Path temporary;
    private Path golden;

    @BeforeEach
    void makeFolder() throws IOException {
        golden = Files.createDirectories(temporary.resolve("golden"));
        Files.createDirectory(golden.resolve("images"));
    }

    @ParameterizedTest
    @EnumSource(VisionBackend.class)
    void everything_that_was_recorded_agrees(VisionBackend vision) {
        CheckReport report = check(TestModels.tinyRandom(), TestModels.golden(), vision);

        assertEquals(0, report.numFailed(), String.join("\n", report.lines()));
        assertTrue(report.numGroups() > 200);
        assertEquals(
                11,
                report.lines().stream().filter(line -> line.startsWith("gguf_blocks/")).count());
        assertTrue(report.lines().stream().noneMatch(line -> line.startsWith("skipped")));
    }

    @Test
    void one_float_that_is_off_by_two_parts_in_a_hundred_thousand_is_seen() throws IOException {
        copyPrompt("text");
        changeFloats(
                "prompt_text.safetensors",
                "layer.1.mlp_out",
                values -> {
                    float largest = 0;
                    for (int i = 0; i < values.length; i++) {
                        largest = Math.max(largest, Math.abs(values[i]));
                    }
                    values[values.length / 2] += 2e-5f * largest;
                });

        assertOneFailure("prompt_text/layer.1.mlp_out");
    }

    @Test
    void one_pixel_that_is_off_is_seen() throws IOException {
        copy("preprocess.safetensors");
        copyImages();
        changeFloats(
                "preprocess.safetensors",
                "wide_300x140.patches",
                values -> values[7] = Math.nextUp(values[7]));

        assertOneFailure("preprocess/patches");
    }

    @Test
    void one_bit_of_a_decoded_block_that_is_another_is_seen() throws IOException {
        copy("gguf_blocks.safetensors");
        changeFloats(
                "gguf_blocks.safetensors",
                "Q6_K.values",
                values -> values[700] = Math.nextUp(values[700]));

        assertOneFailure("gguf_blocks/Q6_K");
    }

    @Test
    void blocks_without_values_and_values_without_blocks_are_failures() throws IOException {
        copy("gguf_blocks.safetensors");
        renameTensor("gguf_blocks.safetensors", "Q5_K.bytes", "Q9_K.bytes");
        refused(
                ModelFormatException.class,
                golden,
                "gguf_blocks.safetensors: no tensor Q9_K.values");

        renameTensor("gguf_blocks.safetensors", "Q9_K.bytes", "unknown");
        CheckReport report = check(TestModels.tinyRandom(), golden);
        assertEquals(2, report.numFailed(), String.join("\n", report.lines()));
    }

    @Test
    void one_token_that_is_another_is_seen() throws IOException {
        copyPrompt("text");
        changePrompts(prompts -> {
            ArrayNode ids = (ArrayNode) prompts.get("text").get("new_ids");
            ids.set(15, ids.get(15).intValue() + 1);
        });

        assertOneFailure("prompt_text/new_ids");
    }

    @Test
    void one_text_that_is_another_is_seen() throws IOException {
        copyPrompt("text");
        changePrompts(prompts -> {
            ObjectNode text = (ObjectNode) prompts.get("text");
            text.put("new_text", text.get("new_text").textValue() + " ");
        });

        assertOneFailure("prompt_text/new_text");
    }

    @Test
    void a_tensor_that_this_program_does_not_make_is_a_failure() throws IOException {
        copyPrompt("text");
        renameTensor("prompt_text.safetensors", "hidden.1", "hiddenx1");
        assertOneFailure("prompt_text/hiddenx1");

        Files.delete(golden.resolve(PROMPTS));
        Files.delete(golden.resolve("prompt_text.safetensors"));
        copyImages();
        copy("vision.safetensors");
        renameTensor("vision.safetensors", "frame_0.block.1", "frame_0.block.9");
        assertOneFailure("vision/block.9");

        renameTensor("vision.safetensors", "frame_0.block.9", "frame_9.block.1");
        assertOneFailure("vision/frame_9.block.1");
    }

    @Test
    void a_picture_that_is_not_there_is_a_failure() throws IOException {
        copyPrompt("image");

        assertOneFailure("prompt_image/images");
    }

    @Test
    void a_folder_may_hold_a_part_of_the_files_and_others() throws IOException {
        copy("tokenizer_vectors.json");
        Files.writeString(golden.resolve("notes.txt"), "mine");
        Files.writeString(golden.resolve("README.md"), "ours");

        CheckReport report = check(TestModels.tinyRandom(), golden);

        assertEquals(0, report.numFailed());
        assertEquals(3, report.numGroups());
        assertTrue(report.lines().contains("skipped: notes.txt"), report.lines().toString());
        assertTrue(report.lines().stream().noneMatch(line -> line.contains("README")));
    }

    @Test
    void pictures_and_prompts_may_have_any_names() throws IOException {
        copyPrompt("image");
        Files.copy(
                TestModels.golden().resolve("images/odd_37x91.png"),
                golden.resolve("images/my.own picture.png"));
        changePrompts(prompts -> {
            ObjectNode prompt = (ObjectNode) prompts.remove("image");
            ((ArrayNode) prompt.get("images")).set(0, "my.own picture.png");
            prompts.set("another.name", prompt);
        });
        Files.move(
                golden.resolve("prompt_image.safetensors"),
                golden.resolve("prompt_another.name.safetensors"));
        copy("vision.safetensors");
        keepTensors("vision.safetensors", "odd_37x91.", "my.own picture.");

        CheckReport report = check(TestModels.tinyRandom(), golden);

        assertEquals(0, report.numFailed(), String.join("\n", report.lines()));
        String all = String.join("\n", report.lines());
        assertTrue(all.contains("prompt_another.name/projector"), all);
        assertTrue(all.contains("vision/block.1"), all);
    }

    @Test
    void a_text_only_model_is_checked_by_texts_and_fails_where_pictures_are_wanted()
            throws IOException {
        Path model = TestModels.writeTextOnly(Files.createDirectory(temporary.resolve("model")));
        copyPrompt("text");
        copy("tokenizer_vectors.json");

        CheckReport text = check(model, golden);
        assertEquals(0, text.numFailed(), String.join("\n", text.lines()));
        assertTrue(text.numGroups() > 30);

        copyPrompt("image");
        copy("chat_renderings.json");
        CheckReport image = check(model, golden);
        assertEquals(
                List.of("chat/text", "prompt_image/images"),
                image.lines().stream()
                        .filter(line -> line.contains("FAILED"))
                        .map(line -> line.substring(0, line.indexOf(' ')))
                        .toList());
    }

    @Test
    void a_folder_that_cannot_be_used_is_named() throws IOException {
        refused(ConfigException.class, golden, "nothing to compare");
        refused(ConfigException.class, golden.resolve("none"), "no such folder");

        Files.writeString(golden.resolve(PROMPTS), "{\"prompts\": {\"text\": {}}}");
        refused(ConfigException.class, golden, "prompt_text/messages is missing");

        Files.writeString(golden.resolve(PROMPTS), "{");
        refused(ConfigException.class, golden, PROMPTS);

        copyPrompt("text");
        Path file = golden.resolve("prompt_text.safetensors");
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 1_000));
        refused(ModelFormatException.class, golden, "prompt_text.safetensors");
    }

    private void refused(Class<? extends RuntimeException> kind, Path folder, String message) {
        RuntimeException e = assertThrows(kind, () -> check(TestModels.tinyRandom(), folder));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    private void assertOneFailure(String group) {
        CheckReport report = check(TestModels.tinyRandom(), golden);
        List<String> failed =
                report.lines().stream().filter(line -> line.contains("FAILED")).toList();
        assertEquals(1, failed.size(), failed.toString());
        assertTrue(failed.getFirst().startsWith(group + " "), failed.toString());
        assertEquals(1, report.numFailed());
    }

    private CheckReport check(Path model, Path folder) {
        return check(model, folder, VisionBackend.NATIVE);
    }

    private static CheckReport check(Path model, Path folder, VisionBackend vision) {
        ChatModelOptions options =
                ChatModelOptions.DEFAULT
                        .withNumThreads(2)
                        .withMedia(MediaOptions.DEFAULT.withBackend(vision));
        return new GoldenCheck(model, folder, options).run();
    }

    private void copy(String file) throws IOException {
        Files.copy(TestModels.golden().resolve(file), golden.resolve(file));
    }

    private void copyImages() throws IOException {
        for (String image :
                List.of(
                        "odd_37x91",
                        "square_224x224",
                        "wide_300x140",
                        "exact_112x112",
                        "over_limit_401x333",
                        "frame_0",
                        "frame_1",
                        "frame_2",
                        "frame_3")) {
            copy("images/" + image + ".png");
        }
    }

    /// A prompts.json with this prompt alone, and its tensors.
    private void copyPrompt(String name) throws IOException {
        copy("prompt_" + name + ".safetensors");
        JsonNode prompts = JSON.readTree(TestModels.golden().resolve(PROMPTS).toFile());
        ((ObjectNode) prompts.get("prompts")).retain(name);
        JSON.writeValue(golden.resolve(PROMPTS).toFile(), prompts);
    }

    private void changePrompts(Consumer<ObjectNode> change) throws IOException {
        JsonNode prompts = JSON.readTree(golden.resolve(PROMPTS).toFile());
        change.accept((ObjectNode) prompts.get("prompts"));
        JSON.writeValue(golden.resolve(PROMPTS).toFile(), prompts);
    }

    private void changeFloats(String file, String tensor, Consumer<float[]> change)
            throws IOException {
        ByteBuffer bytes = read(file);
        JsonNode offsets = header(bytes).get(tensor).get("data_offsets");
        int begin = Long.BYTES + headerLength(bytes) + offsets.get(0).intValue();
        float[] values = new float[(offsets.get(1).intValue() - offsets.get(0).intValue()) / 4];
        for (int i = 0; i < values.length; i++) {
            values[i] = bytes.getFloat(begin + 4 * i);
        }
        change.accept(values);
        for (int i = 0; i < values.length; i++) {
            bytes.putFloat(begin + 4 * i, values[i]);
        }
        Files.write(golden.resolve(file), bytes.array());
    }

    private void renameTensor(String file, String from, String to) throws IOException {
        ByteBuffer bytes = read(file);
        ObjectNode header = header(bytes);
        header.set(to, header.remove(from));
        write(file, header, bytes);
    }

    /// Keeps the tensors whose names begin with `prefix` and gives them another.
    private void keepTensors(String file, String prefix, String otherPrefix) throws IOException {
        ByteBuffer bytes = read(file);
        ObjectNode kept = JSON.createObjectNode();
        header(bytes).properties().stream()
                .filter(tensor -> tensor.getKey().startsWith(prefix))
                .forEach(tensor ->
                        kept.set(
                                otherPrefix + tensor.getKey().substring(prefix.length()),
                                tensor.getValue()));
        write(file, kept, bytes);
    }

    private ByteBuffer read(String file) throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(golden.resolve(file)))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private void write(String file, ObjectNode header, ByteBuffer old) throws IOException {
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        int data = Long.BYTES + headerLength(old);
        Files.write(
                golden.resolve(file),
                ByteBuffer.allocate(Long.BYTES + json.length + old.capacity() - data)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(json.length)
                        .put(json)
                        .put(old.array(), data, old.capacity() - data)
                        .array());
    }

    private static int headerLength(ByteBuffer bytes) {
        return Math.toIntExact(bytes.getLong(0));
    }

    private static ObjectNode header(ByteBuffer bytes) throws IOException {
        return (ObjectNode)
                JSON.readTree(
                        new String(
                                bytes.array(),
                                Long.BYTES,
                                headerLength(bytes),
                                StandardCharsets.UTF_8));
    }
}
