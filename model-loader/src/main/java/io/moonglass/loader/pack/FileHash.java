package io.moonglass.loader.pack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// The SHA-256 of a file, computed on a thread of its own.
final class FileHash {

    private final CompletableFuture<String> hash = new CompletableFuture<>();

    private FileHash() {}

    static FileHash start(Path file) {
        FileHash started = new FileHash();
        Thread.ofPlatform()
                .daemon()
                .name("moonglass-hash")
                .start(() -> {
                    try {
                        started.hash.complete(SourceFiles.sha256(file));
                    } catch (IOException e) {
                        started.hash.completeExceptionally(new UncheckedIOException(e));
                    } catch (RuntimeException | Error e) {
                        started.hash.completeExceptionally(e);
                    }
                });
        return started;
    }

    /// @throws UncheckedIOException if the file cannot be read
    String await() {
        try {
            return hash.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException fault ? fault : e;
        }
    }
}
