package io.moonglass.server.config;

import java.util.List;

/// What a setting's value is.
public sealed interface SettingType {

    /// Any text.
    record Text() implements SettingType {}

    /// A file or a folder.
    record Place() implements SettingType {}

    record WholeNumber() implements SettingType {}

    record Decimal() implements SettingType {}

    /// An amount of memory.
    record Size() implements SettingType {}

    record Time() implements SettingType {}

    /// On or off.
    record Switch() implements SettingType {}

    /// One of some words.
    record Choice(List<String> words) implements SettingType {

        public Choice {
            words = List.copyOf(words);
        }
    }

    /// A word for it in tables.
    default String label() {
        return switch (this) {
            case Text() -> "text";
            case Place() -> "path";
            case WholeNumber() -> "whole number";
            case Decimal() -> "number";
            case Size() -> "size";
            case Time() -> "time";
            case Switch() -> "true or false";
            case Choice(List<String> words) -> String.join(", ", words);
        };
    }

    /// What an error says is wanted.
    default String wanted() {
        return switch (this) {
            case Text() -> "a text";
            case Place() -> "a path";
            case WholeNumber() -> "a whole number";
            case Decimal() -> "a number";
            case Size() -> "a size such as 20MiB";
            case Time() -> "a time such as 90s or 10m";
            case Switch() -> "true or false";
            case Choice(List<String> words) -> "one of " + String.join(", ", words);
        };
    }
}
