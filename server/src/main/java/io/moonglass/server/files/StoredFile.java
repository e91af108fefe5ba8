package io.moonglass.server.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/// A file that a caller has uploaded. Nothing in it is to be trusted.
///
/// @param id        `file-` and 32 hexadecimal digits that nobody can guess
/// @param sha256    of its bytes, in hexadecimal digits
/// @param numBytes  its size
/// @param name      as the caller calls it: a word, never a path
/// @param purpose   as the caller says; decides nothing
/// @param created   when it was uploaded
/// @param expires   when it is dropped; empty to keep it until it is deleted
/// @param content   where its bytes are, for [#open()]
public record StoredFile(
        String id,
        String sha256,
        long numBytes,
        String name,
        String purpose,
        Instant created,
        Optional<Instant> expires,
        Path content) {

    /// Its bytes as a stream, which is the caller's to close.
    ///
    /// @throws java.nio.file.NoSuchFileException if it was deleted meanwhile
    /// @throws IOException                       if the disk does not give it
    public InputStream open() throws IOException {
        return Files.newInputStream(content);
    }

    /// All of its bytes; [#numBytes()] says before how many they are.
    ///
    /// @throws IOException as [#open()] does
    public byte[] read() throws IOException {
        return Files.readAllBytes(content);
    }

    boolean isExpired(Instant now) {
        return expires.filter(end -> !end.isAfter(now)).isPresent();
    }
}
