package io.moonglass.server.config;

import java.util.List;
import java.util.Optional;

/// A few settings, one of each kind.
final class SmallCatalogue {

    static final SettingsCatalogue SMALL =
            new SettingsCatalogue(
                    List.of(
                            setting("server", "--port", new SettingType.WholeNumber(), "8080"),
                            setting("models", "--model", true, new SettingType.Text(), null),
                            setting("server", "--body-timeout", new SettingType.Time(), "30"),
                            setting("media", "--offline", new SettingType.Switch(), "false"),
                            setting("media", "--max-image-bytes", new SettingType.Size(), "20MiB"),
                            setting("media", "--media-folder", new SettingType.Place(), null),
                            setting("otlp", "--otlp-endpoint", new SettingType.Text(), null)));

    private SmallCatalogue() {}

    private static Setting setting(String section, String flag, SettingType type, String value) {
        return setting(section, flag, false, type, value);
    }

    private static Setting setting(
            String section, String flag, boolean isList, SettingType type, String value) {
        return new Setting(
                section,
                Setting.nameOf(section, flag),
                flag,
                type,
                isList,
                Optional.ofNullable(value),
                Optional.of(value == null ? "none" : value),
                "What " + flag + " does.");
    }
}
