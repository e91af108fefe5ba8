package io.moonglass.server.command;

import java.nio.file.Path;
import java.util.Map;

/// Where packed models are kept where nobody has said.
final class CacheDirectory {

    private CacheDirectory() {}

    /// The folder that the environment names, or the one that the user's caches are in.
    ///
    /// Source: XDG Base Directory Specification 0.8; a relative path in its variable does not count.
    static Path of(Map<String, String> environment, Path home) {
        String ours = environment.getOrDefault("MOONGLASS_CACHE", "");
        if (!ours.isBlank()) {
            return Path.of(ours);
        }
        Path caches = Path.of(environment.getOrDefault("XDG_CACHE_HOME", ""));
        return (caches.isAbsolute() ? caches : home.resolve(".cache")).resolve("moonglass");
    }
}
