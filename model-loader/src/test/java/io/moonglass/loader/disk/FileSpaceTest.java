package io.moonglass.loader.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSpaceTest {

    @TempDir private Path folder;

    @Test
    void room_is_taken_before_it_is_written_to() throws Exception {
        SmallDisk.mountedOn(
                folder,
                () -> {
                    Path file = Files.createFile(folder.resolve("file"));
                    long free = Files.getFileStore(folder).getUsableSpace();

                    FileSpace.take(file, 1 << 20);

                    assertEquals(1 << 20, Files.size(file));
                    assertEquals(free - (1 << 20), Files.getFileStore(folder).getUsableSpace());
                });
    }

    @Test
    void a_disk_without_so_much_room_refuses_at_once() throws Exception {
        SmallDisk.mountedOn(
                folder,
                () -> {
                    Path file = Files.createFile(folder.resolve("file"));

                    IOException fault =
                            assertThrows(IOException.class, () -> FileSpace.take(file, 8 << 20));

                    assertTrue(fault.getMessage().contains("no room"), fault.getMessage());
                });
    }
}
