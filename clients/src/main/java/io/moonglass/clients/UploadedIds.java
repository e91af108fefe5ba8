package io.moonglass.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Which media were uploaded lately and under which ids, so that the next turn of a conversation does not send them
/// again. Safe to use from any thread.
final class UploadedIds {

    private static final int MAX_REMEMBERED = 1_000;

    /// When the server deletes what was uploaded for a request.
    static final Duration EXPIRY = Duration.ofDays(1);

    /// A request takes time too.
    private static final Duration REMEMBERED_FOR = EXPIRY.minusHours(2);

    private final Map<String, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
    private boolean serverKeepsNone;

    private record Kept(String id, long nanos) {}

    /// @param source of this machine
    synchronized Optional<String> find(MediaSource source) {
        Kept found = kept.get(keyOf(source));
        boolean isGood =
                found != null && System.nanoTime() - found.nanos() < REMEMBERED_FOR.toNanos();
        return isGood ? Optional.of(found.id()) : Optional.empty();
    }

    synchronized void remember(MediaSource source, String id) {
        kept.put(keyOf(source), new Kept(id, System.nanoTime()));
        if (kept.size() > MAX_REMEMBERED) {
            kept.remove(kept.keySet().iterator().next());
        }
    }

    synchronized void forget(String id) {
        kept.values().removeIf(entry -> entry.id().equals(id));
    }

    synchronized boolean serverKeepsNone() {
        return serverKeepsNone;
    }

    synchronized void rememberThatServerKeepsNone() {
        serverKeepsNone = true;
    }

    private static String keyOf(MediaSource source) {
        if (source instanceof MediaSource.LocalFile file) {
            return keyOf(file.path());
        }
        return "sha256:"
                + HexFormat.of().formatHex(sha256().digest(((MediaSource.Bytes) source).bytes()));
    }

    /// A file that has changed is another.
    private static String keyOf(Path path) {
        try {
            return "%d %s %s"
                    .formatted(
                            Files.size(path),
                            Files.getLastModifiedTime(path),
                            path.toAbsolutePath().normalize());
        } catch (IOException e) {
            throw new UncheckedIOException(path + " cannot be read", e);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
