package io.moonglass.loader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.StoredTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Where the recorded test model and its expected outputs lie, for the tests of every module.
public final class TestModels {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LANGUAGE_PREFIX = "language_model.";

    private TestModels() {}

    /// A checkpoint with random weights and the real layout.
    public static Path tinyRandom() {
        return data().resolve("tiny-random");
    }

    /// Expected outputs of [#tinyRandom()].
    public static Path golden() {
        return data().resolve("golden");
    }

    /// JSON files with the released model's sizes, without weights.
    public static Path realConfig() {
        return data().resolve("real-config");
    }

    /// A copy of the tiny model that a test may damage.
    public static Path copyOfTinyRandom(Path into) {
        try (Stream<Path> files = Files.list(tinyRandom())) {
            for (Path file : files.toList()) {
                Files.copy(file, into.resolve(file.getFileName()));
            }
            return into;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Writes the tiny model's decoder alone, named and configured as a Moonlight checkpoint is, with
    /// one file of weights.
    public static Path writeTextOnly(Path into) {
        try (Checkpoint kimi = Checkpoint.open(tinyRandom())) {
            ObjectNode header = JSON.createObjectNode();
            ByteArrayOutputStream data = new ByteArrayOutputStream();
            for (StoredTensor tensor : kimi.tensors()) {
                if (tensor.name().startsWith(LANGUAGE_PREFIX)) {
                    ObjectNode entry =
                            header.putObject(tensor.name().substring(LANGUAGE_PREFIX.length()));
                    entry.put("dtype", tensor.kind().name());
                    Arrays.stream(tensor.shape()).forEach(entry.withArray("shape")::add);
                    entry.withArray("data_offsets").add(data.size());
                    data.writeBytes(tensor.data().toArray(ValueLayout.JAVA_BYTE));
                    entry.withArray("data_offsets").add(data.size());
                }
            }
            byte[] json = JSON.writeValueAsBytes(header);
            ByteBuffer file =
                    ByteBuffer.allocate(Long.BYTES + json.length + data.size())
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(json.length)
                            .put(json)
                            .put(data.toByteArray());
            Files.write(into.resolve("model.safetensors"), file.array());
            JsonNode config = JSON.readTree(tinyRandom().resolve("config.json").toFile());
            JSON.writeValue(into.resolve("config.json").toFile(), config.get("text_config"));
            for (String name :
                    List.of(
                            "tiktoken.model",
                            "tokenizer_config.json",
                            "generation_config.json",
                            "chat_template.jinja")) {
                Files.copy(tinyRandom().resolve(name), into.resolve(name));
            }
            return into;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path data() {
        return Path.of(
                System.getProperty(
                        "moonglass.testdata", "../model-loader/src/test/resources/kimi-vl"));
    }
}
