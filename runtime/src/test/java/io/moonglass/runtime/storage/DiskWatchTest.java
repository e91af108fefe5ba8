package io.moonglass.runtime.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskWatchTest {

    @TempDir private Path folder;
    private final List<LogRecord> logged = new ArrayList<>();
    private final Logger log = Logger.getLogger(DiskWatch.class.getName());
    private final Handler handler =
            new Handler() {
                @Override
                public void publish(LogRecord line) {
                    logged.add(line);
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    @BeforeEach
    void listen() {
        log.addHandler(handler);
    }

    @AfterEach
    void listenNoMore() {
        log.removeHandler(handler);
    }

    @Test
    void a_row_of_failures_is_logged_once_and_its_end_once() {
        DiskWatch disk = new DiskWatch("files", folder.resolve("not yet made"));
        disk.succeeded();
        for (int i = 0; i < 1_000; i++) {
            disk.failed(new IOException("No space left on device"));
        }
        disk.succeeded();
        disk.succeeded();

        assertEquals(2, logged.size());
        assertEquals(1_000L, logged.get(1).getParameters()[2]);

        disk.failed(new IOException("I/O error"));
        assertEquals(3, logged.size());
    }

    @Test
    void a_full_disk_is_told_from_one_that_fails_and_no_path_is_told_to_callers() {
        DiskWatch disk = new DiskWatch("files", folder);

        StorageException full = disk.failed(new IOException("x: No space left on device"));
        StorageException broken = disk.failed(new IOException("x: Read-only file system"));

        assertTrue(full.isFull());
        assertFalse(broken.isFull());
        assertFalse(full.getMessage().contains(folder.toString()));
        assertFalse(broken.getMessage().contains(folder.toString()));
    }
}
