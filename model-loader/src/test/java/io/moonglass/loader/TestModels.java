package io.moonglass.loader;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Where the recorded test model and its expected outputs lie, for the tests of every module.
public final class TestModels {

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

    private static Path data() {
        return Path.of(
                System.getProperty(
                        "moonglass.testdata", "../model-loader/src/test/resources/kimi-vl"));
    }
}
