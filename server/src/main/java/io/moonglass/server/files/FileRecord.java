package io.moonglass.server.files;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/// What is written about a file, beside its bytes.
///
/// @param createdMillis since 1970
/// @param expiresMillis the same; null if it does not expire
@JsonNaming(SnakeCaseStrategy.class)
@JsonIgnoreProperties(ignoreUnknown = true)
record FileRecord(
        String sha256,
        long numBytes,
        String name,
        String purpose,
        long createdMillis,
        Long expiresMillis) {

    private static final ObjectMapper JSON = new ObjectMapper();

    static FileRecord of(StoredFile file) {
        return new FileRecord(
                file.sha256(),
                file.numBytes(),
                file.name(),
                file.purpose(),
                file.created().toEpochMilli(),
                file.expires().map(Instant::toEpochMilli).orElse(null));
    }

    /// @throws IOException if it cannot be read, or is no such record
    static FileRecord read(Path path) throws IOException {
        FileRecord read = JSON.readValue(path.toFile(), FileRecord.class);
        if (read.sha256() == null || read.name() == null || read.purpose() == null) {
            throw new IOException(path + " is no record of a file");
        }
        return read;
    }

    void write(Path path) throws IOException {
        Files.write(path, JSON.writeValueAsBytes(this));
    }

    StoredFile file(String id, Path content) {
        return new StoredFile(
                id,
                sha256,
                numBytes,
                name,
                purpose,
                Instant.ofEpochMilli(createdMillis),
                Optional.ofNullable(expiresMillis).map(Instant::ofEpochMilli),
                content);
    }
}
