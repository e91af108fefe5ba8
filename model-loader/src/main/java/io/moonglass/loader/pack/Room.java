package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Room on a disk. What is written through a mapping cannot fail softly: where the disk is full, the
/// process dies. So room is asked for before.
final class Room {

    private Room() {}

    /// @param folder  is there already
    /// @param wanted  bytes
    /// @param purpose what they are for
    /// @throws ConfigException if the folder's disk has less
    static void check(Path folder, long wanted, String purpose) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < wanted) {
            throw new ConfigException(
                    "%s: %s takes %.2f GB, and %.2f GB are free there; make room, or name a folder on another disk"
                            .formatted(folder, purpose, wanted / 1e9, free / 1e9));
        }
    }
}
