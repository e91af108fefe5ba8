package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who a server says it is must be true, and must be the URL's host.
@Timeout(60)
class TlsFaultTest {

    private static final RawServer.Conversation ANSWER =
            RawServer.saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

    @TempDir static Path folder;
    private static TestCertificates certificates;
    private static SSLContext client;

    private Loopback loopback;

    @BeforeAll
    static void make() throws IOException, InterruptedException, GeneralSecurityException {
        certificates = new TestCertificates(folder);
        client = certificates.client();
    }

    @BeforeEach
    void listen() throws IOException {
        loopback = new Loopback(Loopback.OPTIONS, client);
    }

    @AfterEach
    void close() {
        loopback.close();
    }

    private RawServer secure(String certificate, RawServer.Conversation conversation)
            throws IOException, GeneralSecurityException {
        return loopback.closing(RawServer.secure(certificates.server(certificate), conversation));
    }

    private static String url(RawServer server) {
        return "https://media.example:" + server.port() + "/a.png";
    }

    @Test
    void a_server_with_a_valid_certificate_is_fetched_from()
            throws IOException, GeneralSecurityException {
        RawServer server = secure("good", ANSWER);
        assertEquals("ok", loopback.text(url(server)));
        assertEquals("ok", loopback.text("https://127.0.0.1:" + server.port() + "/"));
        loopback.resolver.with("other.example", "127.0.0.1");
        loopback.refused(Kind.MEDIA_UNAVAILABLE, "https://other.example:" + server.port() + "/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"self-signed", "expired", "other-host"})
    void a_certificate_that_does_not_vouch_for_the_host_is_refused(String certificate)
            throws IOException, GeneralSecurityException {
        RawServer server = secure(certificate, ANSWER);
        String message = loopback.refused(Kind.MEDIA_UNAVAILABLE, url(server));
        assertTrue(message.contains("no secure connection to its server can be made"), message);
        assertEquals(List.of(), server.heads());
        RawServer good = secure("good", ANSWER);
        assertEquals("ok", loopback.text(url(good)));
    }

    @Test
    void the_authorities_of_the_jvm_do_not_know_the_tests_authority()
            throws IOException, GeneralSecurityException {
        RawServer server = secure("good", ANSWER);
        try (Loopback usual = new Loopback(Loopback.OPTIONS)) {
            usual.refused(Kind.MEDIA_UNAVAILABLE, url(server));
        }
    }

    @Test
    void plain_http_on_a_port_for_tls_is_refused() throws IOException {
        RawServer server =
                loopback.serve(RawServer.saying("HTTP/1.1 400 Bad Request\r\n\r\nsecret"));
        loopback.refused(Kind.MEDIA_UNAVAILABLE, url(server));
    }

    @Test
    void a_handshake_that_never_ends_is_given_up() throws IOException {
        loopback.close();
        loopback = new Loopback(Loopback.OPTIONS.withConnectTimeout(Duration.ofSeconds(1)), client);
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"))) {
            String message =
                    loopback.refused(
                            Kind.MEDIA_UNAVAILABLE,
                            "https://media.example:" + silent.getLocalPort() + "/");
            assertTrue(message.endsWith("its server did not answer within 1 s"), message);
        }
    }

    @Test
    void a_redirect_from_https_to_http_is_refused_even_where_http_is_allowed()
            throws IOException, GeneralSecurityException {
        RawServer plain = loopback.serve(ANSWER);
        RawServer server = secure("good", RawServer.sendingTo(Loopback.url(plain)));
        loopback.refused(Kind.FORBIDDEN_ADDRESS, url(server));
        assertEquals(0, plain.numConnections());
    }

    @Test
    void a_redirect_from_http_to_https_is_followed() throws IOException, GeneralSecurityException {
        RawServer server = secure("good", ANSWER);
        RawServer plain = loopback.serve(RawServer.sendingTo(url(server)));
        assertEquals("ok", loopback.text(Loopback.url(plain)));
    }

    @Test
    void a_certificate_for_the_first_host_says_nothing_about_the_host_of_a_redirect()
            throws IOException, GeneralSecurityException {
        RawServer impostor = secure("other-host", ANSWER);
        RawServer server = secure("good", RawServer.sendingTo(url(impostor)));
        loopback.refused(Kind.MEDIA_UNAVAILABLE, url(server));
        assertEquals(List.of(), impostor.heads());
    }

    @Test
    void a_secure_body_that_breaks_off_is_cut_short() throws IOException, GeneralSecurityException {
        RawServer server =
                secure("good", RawServer.saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"));
        String message = loopback.refused(Kind.MEDIA_UNAVAILABLE, url(server));
        assertTrue(message.endsWith("the connection broke off after 2 bytes"), message);
    }
}
