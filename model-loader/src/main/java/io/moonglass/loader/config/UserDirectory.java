package io.moonglass.loader.config;

import java.nio.file.Path;
import java.util.Map;

/// Where things of a kind are kept that belong to the user.
///
/// Source: XDG Base Directory Specification 0.8; a relative path in its variable does not count.
public final class UserDirectory {

    private UserDirectory() {}

    /// The folder that the environment names, or ours in the one that the user's programs keep such things in.
    ///
    /// @param ourVariable names the folder itself
    /// @param xdgVariable names the one that it is in
    /// @param usual       that one where no variable says so
    public static Path of(
            Map<String, String> environment, String ourVariable, String xdgVariable, Path usual) {
        String ours = environment.getOrDefault(ourVariable, "");
        if (!ours.isBlank()) {
            return Path.of(ours);
        }
        Path all = Path.of(environment.getOrDefault(xdgVariable, ""));
        return (all.isAbsolute() ? all : usual).resolve("moonglass");
    }
}
