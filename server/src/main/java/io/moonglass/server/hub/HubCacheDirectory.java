package io.moonglass.server.hub;

import java.nio.file.Path;
import java.util.Map;

/// Where the programs of Hugging Face keep what they fetched.
///
/// Source: documentation of huggingface_hub, "Environment variables".
public final class HubCacheDirectory {

    private HubCacheDirectory() {}

    /// `HF_HUB_CACHE`, else `hub` in [#home(Map, Path)].
    public static Path of(Map<String, String> environment, Path userHome) {
        String cache = environment.getOrDefault("HF_HUB_CACHE", "");
        return cache.isBlank() ? home(environment, userHome).resolve("hub") : Path.of(cache);
    }

    /// `HF_HOME`, else `huggingface` in the user's caches.
    static Path home(Map<String, String> environment, Path userHome) {
        String home = environment.getOrDefault("HF_HOME", "");
        if (!home.isBlank()) {
            return Path.of(home);
        }
        String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
        return (caches.isBlank() ? userHome.resolve(".cache") : Path.of(caches))
                .resolve("huggingface");
    }
}
