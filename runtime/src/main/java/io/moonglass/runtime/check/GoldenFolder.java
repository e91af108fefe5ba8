package io.moonglass.runtime.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.loader.template.TemplateMessage;
import io.moonglass.loader.template.TemplatePart;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A folder of recorded outputs: JSON files, safetensors files and `images/`. Every file is optional.
final class GoldenFolder {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final Arena arena;

    GoldenFolder(Path directory, Arena arena) {
        if (!Files.isDirectory(directory)) {
            throw new ConfigException(
                    "--golden %s: no such folder; want one with recorded outputs"
                            .formatted(directory));
        }
        this.directory = directory;
        this.arena = arena;
    }

    List<String> fileNames() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ConfigException(
                    "--golden %s: cannot be read: %s".formatted(directory, e.getMessage()), e);
        }
    }

    Optional<JsonNode> json(String name) {
        Path file = directory.resolve(name);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readTree(file.toFile()));
        } catch (IOException e) {
            throw new ConfigException("%s: no valid JSON: %s".formatted(file, e.getMessage()), e);
        }
    }

    Optional<SafetensorsFile> tensors(String name) {
        Path file = directory.resolve(name + ".safetensors");
        return Files.exists(file)
                ? Optional.of(SafetensorsFile.map(file, arena))
                : Optional.empty();
    }

    /// A picture of `images/`, by its name with or without the suffix.
    ///
    /// The name is compared with those that are there, so that none leads out of `images/`.
    Optional<Path> imageFile(String name) {
        Path images = directory.resolve("images");
        if (!Files.isDirectory(images)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(images)) {
            return files.filter(file -> isCalled(file.getFileName().toString(), name))
                    .min(Comparator.naturalOrder());
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be read".formatted(images), e);
        }
    }

    private static boolean isCalled(String fileName, String name) {
        return fileName.equals(name)
                || fileName.lastIndexOf('.') == name.length() && fileName.startsWith(name);
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be read".formatted(file), e);
        }
    }

    /// Messages as the recordings write them: content is a string or a list of parts.
    static List<TemplateMessage> messages(JsonNode messages) {
        List<TemplateMessage> result = new ArrayList<>();
        for (JsonNode message : messages) {
            List<TemplatePart> parts = new ArrayList<>();
            JsonNode content = message.get("content");
            if (content.isTextual()) {
                parts.add(new TemplatePart.Text(content.textValue()));
            } else {
                for (JsonNode part : content) {
                    boolean isImage =
                            part.path("type").asText().equals("image")
                                    || part.has("image")
                                    || part.has("image_url");
                    parts.add(
                            isImage
                                    ? new TemplatePart.Image()
                                    : new TemplatePart.Text(part.path("text").asText()));
                }
            }
            result.add(new TemplateMessage(message.get("role").asText(), parts));
        }
        return result;
    }

    static long[] integers(JsonNode list) {
        long[] values = new long[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i).longValue();
        }
        return values;
    }
}
