package io.moonglass.loader.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSpaceTest {

    @TempDir private Path folder;

    @Test
    void room_is_taken_before_it_is_written_to() throws Exception {
        onSmallDisk(() -> {
            Path file = Files.createFile(folder.resolve("file"));
            long free = Files.getFileStore(folder).getUsableSpace();

            FileSpace.take(file, 1 << 20);

            assertEquals(1 << 20, Files.size(file));
            assertEquals(free - (1 << 20), Files.getFileStore(folder).getUsableSpace());
        });
    }

    @Test
    void a_disk_without_so_much_room_refuses_at_once() throws Exception {
        onSmallDisk(() -> {
            Path file = Files.createFile(folder.resolve("file"));

            IOException fault =
                    assertThrows(IOException.class, () -> FileSpace.take(file, 8 << 20));

            assertTrue(fault.getMessage().contains("no room"), fault.getMessage());
        });
    }

    private interface Work {
        void run() throws Exception;
    }

    /// Only root can have one; else the test is skipped, but in CI.
    private void onSmallDisk(Work work) throws Exception {
        boolean isMade = run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder.toString());
        if (System.getenv("CI") == null) {
            Assumptions.assumeTrue(isMade, "a small disk can be mounted by root on Linux alone");
        }
        assertTrue(isMade, "no small disk can be mounted; CI must run as root");
        try {
            work.run();
        } finally {
            run("umount", "-l", folder.toString());
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException e) {
            return false; // there is no such program
        }
    }
}
