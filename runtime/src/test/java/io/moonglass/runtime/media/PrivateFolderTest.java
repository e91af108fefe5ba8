package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Temporary files of media in a folder that is everybody's.
class PrivateFolderTest {

    @TempDir private Path shared;
    @TempDir private Path elsewhere;

    @Test
    void what_a_killed_process_has_left_is_removed() throws IOException {
        Path left = old(Files.createDirectory(shared.resolve("moonglass-media-left")));
        Files.createFile(left.resolve("video"));
        old(left);

        newFile();

        assertFalse(Files.exists(left));
    }

    @Test
    void a_link_to_what_is_none_of_ours_is_not_followed() throws IOException {
        Path precious = Files.createFile(elsewhere.resolve("precious"));
        old(elsewhere);
        Files.createSymbolicLink(shared.resolve("moonglass-media-link"), elsewhere);

        newFile();

        assertTrue(Files.exists(precious));
    }

    @Test
    void a_leftover_that_cannot_be_removed_harms_no_request() throws IOException {
        Path left = Files.createDirectory(shared.resolve("moonglass-media-left"));
        Files.createFile(Files.createDirectory(left.resolve("folder")).resolve("file"));
        old(left);

        newFile();
    }

    @Test
    void a_folder_that_was_tidied_away_is_made_again() throws IOException {
        try (PrivateFolder folder = new PrivateFolder(shared)) {
            Path file = folder.newFile();
            Files.delete(file);
            Files.delete(file.resolveSibling("lock"));
            Files.delete(file.getParent());

            assertTrue(Files.exists(folder.newFile()));
        }
        try (var rest = Files.list(shared)) {
            assertEquals(0, rest.count());
        }
    }

    private void newFile() throws IOException {
        try (PrivateFolder folder = new PrivateFolder(shared)) {
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.newFile())));
        }
    }

    private static Path old(Path folder) throws IOException {
        return Files.setLastModifiedTime(
                folder, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    }
}
