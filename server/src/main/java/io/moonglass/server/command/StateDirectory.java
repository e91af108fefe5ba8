package io.moonglass.server.command;

import java.nio.file.Path;
import java.util.Map;

/// Where a server keeps what it must find again after a restart, where nobody has said.
final class StateDirectory {

    private StateDirectory() {}

    /// The folder that the environment names, or the one that the user's programs keep such things in.
    ///
    /// Source: XDG Base Directory Specification 0.8; a relative path in its variable does not count.
    static Path of(Map<String, String> environment, Path home) {
        String ours = environment.getOrDefault("MOONGLASS_STATE", "");
        if (!ours.isBlank()) {
            return Path.of(ours);
        }
        Path states = Path.of(environment.getOrDefault("XDG_STATE_HOME", ""));
        return (states.isAbsolute() ? states : home.resolve(".local").resolve("state"))
                .resolve("moonglass");
    }
}
