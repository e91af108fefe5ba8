package io.moonglass.loader.pack;

import io.moonglass.loader.config.UserDirectory;
import java.nio.file.Path;
import java.util.Map;

/// Where packed models are kept where nobody has said.
public final class CacheDirectory {

    private CacheDirectory() {}

    /// This user's: what `MOONGLASS_CACHE` says, else `XDG_CACHE_HOME/moonglass`, else `~/.cache/moonglass`.
    public static Path ofUser() {
        return of(System.getenv(), Path.of(System.getProperty("user.home")));
    }

    /// See [UserDirectory].
    static Path of(Map<String, String> environment, Path home) {
        return UserDirectory.of(
                environment, "MOONGLASS_CACHE", "XDG_CACHE_HOME", home.resolve(".cache"));
    }
}
