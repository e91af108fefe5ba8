package io.moonglass.loader.gguf;

import java.util.ArrayList;
import java.util.List;

/// What GGUF files of the Kimi-VL family do not say. Whatever is taken from the family is remembered, so that it
/// can be told.
final class FamilySettings {

    private final Release release;
    private final List<String> taken = new ArrayList<>();

    FamilySettings(Release release) {
        this.release = release;
    }

    Release release() {
        return release;
    }

    /// @param setting as the checkpoint's own files call it
    <T> T take(String setting, T value) {
        taken.add("%s is taken as %s".formatted(setting, value));
        return value;
    }

    /// A line for each setting.
    List<String> taken() {
        return List.copyOf(taken);
    }
}
