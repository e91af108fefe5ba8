package io.moonglass.server.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadersFileTest {

    @TempDir private Path folder;

    @Test
    void a_file_that_changes_is_read_anew_and_one_that_breaks_changes_nothing() throws IOException {
        Path file = written("# a key\n\nX-Key: one two\nOther:\n", 1);
        HeadersFile headers = new HeadersFile(file);
        assertEquals(Map.of("X-Key", "one two", "Other", ""), headers.get());

        written("X-Key: three\n", 2);
        assertEquals(Map.of("X-Key", "three"), headers.get());

        written("no header\n", 3);
        assertEquals(Map.of("X-Key", "three"), headers.get());

        Files.delete(file);
        assertEquals(Map.of("X-Key", "three"), headers.get());
    }

    @Test
    void what_is_no_header_is_refused_by_its_line_and_not_told() throws IOException {
        Path file = written("Good: 1\nsecret token\n", 1);

        ConfigException fault = assertThrows(ConfigException.class, () -> new HeadersFile(file));

        assertTrue(fault.getMessage().contains("line 2"), fault.getMessage());
        assertFalse(fault.getMessage().contains("secret"), fault.getMessage());
        assertThrows(ConfigException.class, () -> new HeadersFile(folder.resolve("none")));
    }

    private Path written(String text, int second) throws IOException {
        Path file = folder.resolve("headers");
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(second)));
        return file;
    }
}
