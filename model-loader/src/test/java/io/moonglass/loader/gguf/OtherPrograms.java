package io.moonglass.loader.gguf;

import java.net.URISyntaxException;
import java.nio.file.Path;

/// Files that the converter's own library wrote.
final class OtherPrograms {

    private OtherPrograms() {}

    static Path file(String name) {
        try {
            return Path.of(OtherPrograms.class.getResource("/gguf/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
