package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moonglass.loader.fault.InvalidRequestException;
import java.net.URI;
import java.nio.charset.StandardCharsets;

class MediaAddressFuzzTest {

    /// Whatever is taken can be put into a request's head, means the same to another parser, and stays
    /// what it is when it is read again.
    @FuzzTest(maxDuration = "10m")
    void what_is_taken_has_one_meaning(byte[] input) {
        String url = new String(input, StandardCharsets.UTF_8);
        MediaAddress address;
        try {
            address = MediaAddress.parse(url, true);
        } catch (InvalidRequestException e) {
            assertTrue(e.getMessage().chars().allMatch(c -> c >= ' ' && c < 0x7f), e.getMessage());
            return;
        }
        assertTrue(address.target().chars().allMatch(c -> c > ' ' && c < 0x7f));
        assertTrue(address.target().startsWith("/") && !address.target().contains("#"));
        assertTrue(HostSyntax.isNameOrAddress(address.host()));
        assertTrue(address.port() >= 1 && address.port() <= 65_535);
        String again = address.scheme() + "://" + address.authority() + address.target();
        assertEquals(address.host(), URI.create(again).getHost());
        assertEquals(address, MediaAddress.parse(again, true));
        assertEquals(address, address.resolve("", true));
        assertEquals(address.host(), address.resolve("x", true).host());
    }
}
