package io.moonglass.server.command;

import io.moonglass.loader.config.UserDirectory;
import java.nio.file.Path;
import java.util.Map;

/// Where a server keeps what it must find again after a restart, where nobody has said.
final class StateDirectory {

    private StateDirectory() {}

    /// See [UserDirectory].
    static Path of(Map<String, String> environment, Path home) {
        return UserDirectory.of(
                environment,
                "MOONGLASS_STATE",
                "XDG_STATE_HOME",
                home.resolve(".local").resolve("state"));
    }
}
