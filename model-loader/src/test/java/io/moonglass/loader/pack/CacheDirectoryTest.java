package io.moonglass.loader.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CacheDirectoryTest {

    private static final Path HOME = Path.of("/home/moon");

    @Test
    void the_cache_is_where_the_environment_says() {
        assertEquals(
                Path.of("/big/packed"),
                CacheDirectory.of(
                        Map.of("MOONGLASS_CACHE", "/big/packed", "XDG_CACHE_HOME", "/x"), HOME));
        assertEquals(
                Path.of("/x/moonglass"), CacheDirectory.of(Map.of("XDG_CACHE_HOME", "/x"), HOME));
        assertEquals(
                HOME.resolve(".cache/moonglass"),
                CacheDirectory.of(Map.of("XDG_CACHE_HOME", "relative"), HOME));
        assertEquals(HOME.resolve(".cache/moonglass"), CacheDirectory.of(Map.of(), HOME));
    }
}
