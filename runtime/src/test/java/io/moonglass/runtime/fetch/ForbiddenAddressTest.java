package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.io.IOException;
import java.security.GeneralSecurityException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A private server at 127.0.0.2 and at a loopback port must see no connection, whatever leads there.
@Timeout(60)
class ForbiddenAddressTest {

    private Loopback loopback;
    private RawServer secret;

    @BeforeEach
    void listen() throws IOException, GeneralSecurityException {
        loopback = new Loopback(Loopback.OPTIONS);
        secret = loopback.serveAt("127.0.0.2");
    }

    @AfterEach
    void close() {
        assertEquals(0, secret.numConnections());
        loopback.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.2:PORT/",
                "http://[::ffff:127.0.0.2]:PORT/",
                "http://[::ffff:7f00:2]:PORT/",
                "http://[::127.0.0.2]:PORT/",
                "http://[64:ff9b::127.0.0.2]:PORT/",
                "http://[2002:7f00:2::]:PORT/",
                "http://[::1]:PORT/",
                "http://[::]:PORT/",
                "http://0.0.0.0:PORT/",
                "http://169.254.169.254/latest/meta-data/",
                "http://[::ffff:169.254.169.254]/",
                "http://[fd00:ec2::254]/",
                "http://[fe80::1]/",
                "http://10.0.0.1/",
                "http://100.64.0.1/",
                "http://224.0.0.1/",
                "http://private.example:PORT/",
                "http://PRIVATE.example.:PORT/",
                "http://no-such-name.example/"
            })
    void what_is_not_public_is_forbidden_in_the_same_words_whatever_is_there(String pattern)
            throws IOException {
        String url = at(pattern);
        String expected =
                "%s: image \"%s\" cannot be fetched: its host is none that this server fetches from, or has no public address; send the bytes themselves in a data: address"
                        .formatted(Loopback.PARAM, url);
        assertEquals(expected, loopback.refused(Kind.FORBIDDEN_ADDRESS, url));
    }

    private String at(String pattern) {
        return pattern.replace("PORT", String.valueOf(secret.port()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.2:PORT/",
                "//127.0.0.2:PORT/",
                "http://127.2:PORT/",
                "http://2130706434:PORT/",
                "http://0x7f000002:PORT/",
                "http://0177.0.0.2:PORT/",
                "http://[::ffff:127.0.0.2]:PORT/",
                "http://[::ffff:7f00:2]:PORT/",
                "http://[fe80::1%25lo]:PORT/",
                "http://private.example:PORT/",
                "http://no-such-name.example/",
                "http://media.example@127.0.0.2:PORT/",
                "http://127.0.0.2:PORT\\@media.example/",
                "http://media.example\\@127.0.0.2:PORT/",
                "http://169.254.169.254/latest/meta-data/",
                "http://media.example:0/",
                "file:///etc/passwd",
                "ftp://127.0.0.2/",
                "jar:http://127.0.0.2:PORT/a.jar!/b",
                "gopher://127.0.0.2:PORT/",
                "data:image/png;base64,AAAA",
                "http://１２７.0.0.2:PORT/",
                "http://exa mple.com/"
            })
    void a_redirect_to_what_is_not_public_is_forbidden_and_its_address_not_told(String location)
            throws IOException {
        String message =
                loopback.refused(Kind.FORBIDDEN_ADDRESS, RawServer.sendingTo(at(location)));
        assertTrue(
                message.matches(
                        "\\S+ image \"http://media\\.example:\\d+/a\\.png\" cannot be fetched:"
                                + " it redirects to where this server does not fetch from; give the"
                                + " final address, or send the bytes themselves in a data: address"),
                message);
    }

    @Test
    void a_second_redirect_is_checked_like_the_first() throws IOException {
        RawServer second = loopback.serve(RawServer.sendingTo(at("http://private.example:PORT/")));
        loopback.refused(Kind.FORBIDDEN_ADDRESS, RawServer.sendingTo(Loopback.url(second)));
    }

    @Test
    void a_name_with_one_private_address_among_public_ones_is_forbidden() throws IOException {
        loopback.resolver.with("mixed.example", "127.0.0.1,8.8.8.8,127.0.0.2");
        loopback.refused(Kind.FORBIDDEN_ADDRESS, at("http://mixed.example:PORT/"));
    }

    @Test
    void a_name_is_looked_up_once_and_its_address_kept() throws IOException {
        loopback.resolver.with("rebinding.example", "127.0.0.1", "127.0.0.2");
        RawServer server =
                loopback.serve(RawServer.saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        assertEquals("ok", loopback.text("http://rebinding.example:" + server.port() + "/"));
        assertEquals(1, loopback.resolver.numLookups("rebinding.example"));
        assertEquals(1, server.numConnections());
    }

    @Test
    void a_name_that_turns_private_is_forbidden_at_the_redirect_that_looks_it_up_again()
            throws IOException {
        loopback.resolver.with("rebinding.example", "127.0.0.1", "127.0.0.2");
        RawServer server =
                loopback.serve(RawServer.sendingTo(at("http://rebinding.example:PORT/")));
        loopback.refused(Kind.FORBIDDEN_ADDRESS, "http://rebinding.example:" + server.port() + "/");
        assertEquals(2, loopback.resolver.numLookups("rebinding.example"));
        assertEquals(1, server.numConnections());
    }
}
