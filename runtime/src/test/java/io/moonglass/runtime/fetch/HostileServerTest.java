package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A server that means ill: each of its answers is refused, and the next fetch works.
@Timeout(60)
class HostileServerTest {

    private static final String OK = "HTTP/1.1 200 OK\r\n";
    private static final String CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n";
    private static final Duration SHORT = Duration.ofSeconds(1);

    /// Far more than any test takes, so that a ceiling that holds is the one that was meant.
    private static final FetchPace PATIENT = FetchPace.DEFAULT.withTimeout(Duration.ofMinutes(5));

    private Loopback loopback;

    @BeforeEach
    void listen() throws IOException, GeneralSecurityException {
        loopback = new Loopback(Loopback.OPTIONS.withPace(PATIENT));
    }

    @AfterEach
    void close() {
        loopback.close();
    }

    private void withPace(FetchPace pace) throws IOException, GeneralSecurityException {
        loopback.close();
        loopback = new Loopback(Loopback.OPTIONS.withPace(pace));
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                201, 204, 205, 206, 300, 304, 305, 400, 401, 403, 404, 407, 416, 429, 500, 503, 999
            })
    void any_status_but_200_is_told_without_the_servers_words(int status) throws IOException {
        String message =
                loopback.unavailable(
                        "HTTP/1.1 "
                                + status
                                + " Secret\r\nLocation: /b\r\nWWW-Authenticate: Basic\r\nContent-Length: 6\r\n\r\nsecret");
        assertTrue(message.endsWith("its server answered %d, want 200".formatted(status)), message);
        assertFalse(message.toLowerCase().contains("secret"), message);
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void a_redirect_without_a_place_is_a_bad_answer(int status) throws IOException {
        loopback.unavailable("HTTP/1.1 " + status + " Found\r\nContent-Length: 0\r\n\r\n");
    }

    @Test
    void redirects_in_a_loop_end_after_the_limit() throws IOException {
        RawServer server = loopback.serve(RawServer.sendingTo("/a.png"));
        String message = loopback.refused(Kind.MEDIA_UNAVAILABLE, Loopback.url(server));
        assertTrue(message.contains("redirects more than 3 times"), message);
        assertEquals(4, server.numConnections());
    }

    @Test
    void the_last_redirect_that_is_allowed_is_followed() throws IOException {
        RawServer server =
                loopback.serve((head, in, out) -> {
                    int step = head.charAt(5) - '0';
                    (step < 3
                                    ? RawServer.sendingTo("/" + (step + 1))
                                    : RawServer.saying(OK + "Content-Length: 2\r\n\r\nok"))
                            .answer(head, in, out);
                });
        assertEquals("ok", loopback.text("http://media.example:" + server.port() + "/0"));
    }

    @Test
    void an_announced_length_over_the_limit_is_refused_before_the_body() throws IOException {
        String message =
                loopback.refused(
                        Kind.MEDIA_TOO_LARGE,
                        RawServer.stallingAfter(OK + "Content-Length: 100001\r\n\r\n"));
        assertTrue(message.contains("100,001 bytes, the limit is 100,000"), message);
        loopback.refused(
                Kind.MEDIA_TOO_LARGE,
                RawServer.stallingAfter(OK + "Content-Length: 9223372036854775807\r\n\r\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\n\r\n|0123456789",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n|5\r\n01234\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n|5\r\n01234\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n|01234567890123456789",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n|01234567890123456789"
            })
    void a_body_without_end_is_cut_off_at_the_limit(String answer)
            throws IOException, InterruptedException {
        String[] parts = answer.split("\\|");
        RawServer server = loopback.serve(RawServer.dripping(parts[0], parts[1].repeat(1000), 0));
        String message = loopback.refused(Kind.MEDIA_TOO_LARGE, Loopback.url(server));
        assertTrue(message.contains("it has more bytes, the limit is 100,000"), message);
        assertTrue(server.sawClientLeave());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 100\r\n\r\nonly this",
                "Content-Length: 5\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
                "Transfer-Encoding: chunked\r\n\r\n9\r\n01234",
                "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n01234",
                "Transfer-Encoding: chunked\r\n\r\n-5\r\n01234\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\nxyz\r\n01234\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n5\r\n0123456789\r\n0\r\n\r\n"
            })
    void a_body_with_fewer_bytes_than_announced_is_cut_short(String rest) throws IOException {
        String message = loopback.unavailable(OK + rest);
        assertTrue(message.contains("the connection broke off after"), message);
    }

    @Test
    void bytes_after_the_announced_length_are_not_read() throws IOException {
        RawServer server =
                loopback.serve(RawServer.saying(OK + "Content-Length: 2\r\n\r\nok, and more"));
        assertEquals("ok", loopback.text(Loopback.url(server)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 0\r\n\r\n",
                "\r\n",
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            })
    void an_empty_body_is_no_medium(String rest) throws IOException {
        String message = loopback.unavailable(OK + rest);
        assertTrue(message.endsWith("its server sent nothing"), message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"gzip", "br", "deflate", "x-unknown", "identity\r\nContent-Encoding: gzip"})
    void a_compressed_body_is_refused(String coding) throws IOException {
        String message =
                loopback.unavailable(
                        OK + "Content-Encoding: " + coding + "\r\nContent-Length: 2\r\n\r\nok");
        assertTrue(message.contains("compressed"), message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n",
                "secret",
                "SSH-2.0-OpenSSH_9.6\r\n",
                "<html>secret</html>\r\n\r\n",
                "HTTP/1.1\r\n\r\n",
                "HTTP/1.1 OK\r\n\r\n",
                "HTTP/1.1 -200 OK\r\n\r\n",
                "HTTP/1.1 99999999999 OK\r\n\r\n",
                "HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nno colon here\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
                "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: secret\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
            })
    void what_is_no_proper_http_is_refused_without_its_words(String answer) throws IOException {
        String message = loopback.unavailable(answer);
        assertTrue(message.endsWith("its server gave no proper answer in HTTP/1.1"), message);
        assertFalse(message.contains("secret"), message);
    }

    @Test
    void a_head_that_breaks_off_is_refused() throws IOException {
        loopback.unavailable(OK + "Content-Length: 2");
        loopback.unavailable(OK + "Content-Type: image/png\r\n");
        loopback.unavailable("HTTP/1.1 2");
    }

    @Test
    void heads_have_limits() throws IOException {
        loopback.unavailable(OK + "X: " + "y".repeat(9_000) + "\r\nContent-Length: 2\r\n\r\nok");
        loopback.unavailable(OK + "X: y\r\n".repeat(101) + "Content-Length: 2\r\n\r\nok");
        loopback.unavailable(OK + "X: y\r\n" + " z\r\n".repeat(9_000) + "\r\nok");
        loopback.unavailable("HTTP/1.1 200 " + "y".repeat(9_000) + "\r\n\r\nok");
        loopback.unavailable(CHUNKED + "2\r\nok\r\n0\r\n" + "X: y\r\n".repeat(101) + "\r\n");
        loopback.unavailable(CHUNKED + "2;" + "y".repeat(9_000) + "\r\nok\r\n0\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 100 Continue\r\n\r\n",
                "X: y\r\n",
                "yyyyyyyyyyyyyyyyyyyyyyyyy",
                "\r\n"
            })
    void a_head_without_end_is_given_up(String piece) throws IOException, InterruptedException {
        RawServer server =
                loopback.serve(
                        RawServer.dripping(piece.startsWith("X") ? OK : "", piece.repeat(100), 0));
        loopback.refused(Kind.MEDIA_UNAVAILABLE, Loopback.url(server));
        assertTrue(server.sawClientLeave());
    }

    @Test
    void a_head_that_drips_is_given_up()
            throws IOException, GeneralSecurityException, InterruptedException {
        withPace(PATIENT.withResponseTimeout(SHORT));
        RawServer server = loopback.serve(RawServer.dripping(OK + "X: ", "y", 20));
        String message = loopback.refused(Kind.MEDIA_UNAVAILABLE, Loopback.url(server));
        assertTrue(message.endsWith("its server did not answer within 1 s"), message);
        assertTrue(server.sawClientLeave());
    }

    @Test
    void a_server_that_never_answers_is_given_up()
            throws IOException, GeneralSecurityException, InterruptedException {
        withPace(PATIENT.withResponseTimeout(SHORT));
        RawServer server = loopback.serve(RawServer.stallingAfter(""));
        loopback.refused(Kind.MEDIA_UNAVAILABLE, Loopback.url(server));
        assertTrue(server.sawClientLeave());
    }

    @Test
    void a_body_that_drips_is_given_up()
            throws IOException, GeneralSecurityException, InterruptedException {
        withPace(PATIENT.withRateWindow(SHORT));
        RawServer server =
                loopback.serve(RawServer.dripping(OK + "Content-Length: 90000\r\n\r\n", "y", 20));
        String message = loopback.refused(Kind.MEDIA_UNAVAILABLE, Loopback.url(server));
        assertTrue(message.contains("less than 10,000 bytes per second"), message);
        assertTrue(server.sawClientLeave());
        loopback.refused(Kind.MEDIA_UNAVAILABLE, RawServer.dripping(CHUNKED, "1\r\ny\r\n", 20));
        loopback.refused(
                Kind.MEDIA_UNAVAILABLE,
                RawServer.dripping(CHUNKED + "1\r\ny\r\n0\r\nX: ", "y", 20));
    }

    @Test
    void a_body_that_stops_after_a_good_start_is_given_up()
            throws IOException, GeneralSecurityException, InterruptedException {
        withPace(PATIENT.withRateWindow(SHORT));
        RawServer server =
                loopback.serve(
                        RawServer.stallingAfter(
                                OK + "Content-Length: 90000\r\n\r\n" + "y".repeat(80_000)));
        loopback.refused(Kind.MEDIA_UNAVAILABLE, Loopback.url(server));
        assertTrue(server.sawClientLeave());
    }

    @Test
    void a_body_that_comes_just_fast_enough_still_has_to_end_in_time()
            throws IOException, GeneralSecurityException, InterruptedException {
        withPace(PATIENT.withMinBytesPerSecond(0).withTimeout(SHORT));
        RawServer server =
                loopback.serve(RawServer.dripping(OK + "Content-Length: 90000\r\n\r\n", "y", 20));
        String message = loopback.refused(Kind.MEDIA_UNAVAILABLE, Loopback.url(server));
        assertTrue(message.endsWith("it took longer than 1 s"), message);
        assertTrue(server.sawClientLeave());
    }

    @Test
    void a_closed_port_is_unreachable() throws IOException {
        // Bound, so that nothing else takes the port, not even the connection that is made to it.
        try (Socket taken = new Socket()) {
            taken.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
            String message =
                    loopback.refused(
                            Kind.MEDIA_UNAVAILABLE,
                            "http://media.example:" + taken.getLocalPort() + "/");
            assertTrue(message.endsWith("its server cannot be reached"), message);
        }
    }

    @Test
    void a_connection_that_is_never_made_is_given_up()
            throws IOException, GeneralSecurityException {
        withPace(PATIENT.withConnectTimeout(SHORT));
        List<Socket> waiting = new ArrayList<>();
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            fill(full, waiting);
            loopback.refused(
                    Kind.MEDIA_UNAVAILABLE, "http://media.example:" + full.getLocalPort() + "/");
        } finally {
            for (Socket socket : waiting) {
                socket.close();
            }
        }
    }

    /// Until the system itself does not answer any more, as nobody accepts.
    private static void fill(ServerSocket full, List<Socket> waiting) throws IOException {
        while (true) {
            Socket socket = new Socket();
            waiting.add(socket);
            try {
                socket.connect(new InetSocketAddress("127.0.0.1", full.getLocalPort()), 200);
            } catch (SocketTimeoutException e) {
                return;
            }
        }
    }
}
