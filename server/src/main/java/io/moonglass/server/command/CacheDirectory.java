package io.moonglass.server.command;

import java.nio.file.Path;
import java.util.Map;

/// Where packed models are kept where nobody has said.
final class CacheDirectory {

    private CacheDirectory() {}

    /// Of whoever runs this program.
    static Path here() {
        return of(System.getenv(), Path.of(System.getProperty("user.home")));
    }

    /// See [UserDirectory].
    static Path of(Map<String, String> environment, Path home) {
        return UserDirectory.of(
                environment, "MOONGLASS_CACHE", "XDG_CACHE_HOME", home.resolve(".cache"));
    }
}
