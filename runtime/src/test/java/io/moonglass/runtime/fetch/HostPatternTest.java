package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostPatternTest {

    private static boolean matches(String pattern, String url) {
        return HostPattern.parse(pattern).matches(MediaAddress.parse(url, false));
    }

    @Test
    void a_name_is_that_name_alone_on_any_port() {
        assertTrue(matches("Example.com", "https://EXAMPLE.com/a"));
        assertTrue(matches("example.com", "https://example.com.:8443/a"));
        assertFalse(matches("example.com", "https://www.example.com/"));
        assertFalse(matches("example.com", "https://badexample.com/"));
        assertFalse(matches("example.com", "https://example.com.evil.example/"));
    }

    @Test
    void a_star_is_every_name_below_and_not_the_name_itself() {
        assertTrue(matches("*.example.com", "https://www.example.com/"));
        assertTrue(matches("*.example.com", "https://a.b.example.com/"));
        assertFalse(matches("*.example.com", "https://example.com/"));
        assertFalse(matches("*.example.com", "https://badexample.com/"));
    }

    @Test
    void a_port_is_that_port_alone() {
        assertTrue(matches("example.com:443", "https://example.com/"));
        assertTrue(matches("*.example.com:8443", "https://a.example.com:8443/"));
        assertFalse(matches("example.com:8443", "https://example.com/"));
    }

    @Test
    void an_address_is_known_however_it_is_written() {
        assertTrue(matches("192.0.2.7", "https://192.0.2.7/"));
        assertTrue(matches("[2001:DB8::7]:443", "https://[2001:db8:0::7]/"));
        assertEquals("*.example.com:8443", HostPattern.parse("*.Example.com:8443").toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "*.",
                "*example.com",
                "a.*.com",
                "https://example.com",
                "example.com/",
                "127.1",
                "example.com:0",
                "example.com:65536",
                "example.com:",
                "exa mple.com",
                "[::1",
                "*.1",
                "bücher.example",
                "*.*.example.com",
                "example..com"
            })
    void what_is_no_pattern_is_the_operators_fault(String text) {
        assertThrows(ConfigException.class, () -> HostPattern.parse(text));
    }
}
