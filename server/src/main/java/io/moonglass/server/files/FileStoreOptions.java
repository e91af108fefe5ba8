package io.moonglass.server.files;

import io.moonglass.loader.fault.ConfigException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// Where uploaded files are kept, how many and how long.
///
/// @param directory    one server's alone, or shared by servers that stand for each other
/// @param quotaBytes   for each API key's files together
/// @param maxFiles     of each API key
/// @param maxFileBytes of one file
/// @param expiry       after which a file is dropped; empty to keep it until it is deleted. A caller may ask for a
///                     shorter time
public record FileStoreOptions(
        Path directory,
        long quotaBytes,
        int maxFiles,
        long maxFileBytes,
        Optional<Duration> expiry) {

    public FileStoreOptions {
        if (quotaBytes < 1 || maxFiles < 1 || maxFileBytes < 1) {
            throw new ConfigException(
                    "a key's files may take %d bytes and be %d, one of them %d bytes; want positive numbers"
                            .formatted(quotaBytes, maxFiles, maxFileBytes));
        }
        if (expiry.filter(time -> !time.isPositive()).isPresent()) {
            throw new ConfigException(
                    "files stay %s; want a positive time".formatted(expiry.get()));
        }
    }
}
