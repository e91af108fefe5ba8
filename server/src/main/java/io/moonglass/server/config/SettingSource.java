package io.moonglass.server.config;

import java.nio.file.Path;

/// Who said what a setting is.
public sealed interface SettingSource {

    record Flag(String flag) implements SettingSource {}

    record Variable(String name) implements SettingSource {}

    /// @param line counted from 1
    record FileLine(Path file, int line) implements SettingSource {}

    /// Nobody.
    record Default() implements SettingSource {}

    /// As the effective configuration names it.
    default String label() {
        return switch (this) {
            case Flag(String flag) -> "flag " + flag;
            case Variable(String name) -> "variable " + name;
            case FileLine(Path file, int line) -> "file %s:%d".formatted(file, line);
            case Default() -> "default";
        };
    }
}
