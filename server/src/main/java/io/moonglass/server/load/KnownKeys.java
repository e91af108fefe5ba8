package io.moonglass.server.load;

import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.fault.ConfigException;
import java.util.List;

/// Refuses what a mix says and nobody would read.
final class KnownKeys {

    private KnownKeys() {}

    /// @throws ConfigException if the section has another key than these
    static void check(ConfigSection section, String... known) {
        for (String key : section.keys()) {
            if (!List.of(known).contains(key)) {
                throw new ConfigException(
                        "%s: unknown key \"%s\"; want %s"
                                .formatted(section.where(), key, String.join(", ", known)));
            }
        }
    }
}
