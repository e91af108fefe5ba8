package io.moonglass.loader.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.safetensors.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelRevisionTest {

    @TempDir private Path folder;
    private Path model;

    @BeforeEach
    void copy() throws IOException {
        model = TestModels.copyOfTinyRandom(Files.createDirectory(folder.resolve("one")));
    }

    @Test
    void a_model_that_was_moved_is_the_same() throws IOException {
        Digest before = revision(model);
        assertEquals(before, revision(Files.move(model, folder.resolve("two"))));
    }

    @Test
    void other_settings_are_another_revision() throws IOException {
        Digest before = revision(model);
        Path config = model.resolve("preprocessor_config.json");
        Files.writeString(config, Files.readString(config) + " ");
        assertNotEquals(before, revision(model));
    }

    @Test
    void weights_that_were_written_again_are_another_revision() throws IOException {
        Digest before = revision(model);
        try (Stream<Path> files = Files.list(model)) {
            Path weights =
                    files.filter(file -> file.toString().endsWith(".safetensors"))
                            .findAny()
                            .orElseThrow();
            Files.setLastModifiedTime(weights, FileTime.fromMillis(1));
        }
        assertNotEquals(before, revision(model));
    }

    private static Digest revision(Path directory) {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            return ModelRevision.of(checkpoint);
        }
    }
}
