package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.GOOD_STREAM;
import static io.moonglass.server.http.RunningServer.rawChat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How long connections live without a request, and how many there may be.
@Timeout(120)
class ConnectionLimitsTest {

    private static final int MANY = 3_000;

    private static ServerOptions with(ConnectionLimits limits) {
        return ServerOptions.DEFAULT.withDrainTimeout(Duration.ZERO).withConnections(limits);
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void a_head_that_drips_is_cut_off() throws Exception {
        try (RunningServer server =
                        new RunningServer(
                                with(
                                        ConnectionLimits.DEFAULT.withHeaderTimeout(
                                                Duration.ofMillis(300))));
                Socket dripping = server.socket()) {
            Thread drip =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    write(dripping, "GET /health HTTP/1.1\r\n");
                                    while (true) {
                                        write(dripping, "X: y\r\n");
                                        Thread.sleep(20);
                                    }
                                } catch (IOException | InterruptedException e) {
                                    // cut off, as it should be
                                }
                            });

            assertThrowsOrEnds(dripping);
            drip.join();
            assertEquals(200, server.chat(GOOD).statusCode());
        }
    }

    /// Waits for the end, which may come as a reset to who is still sending.
    private static void assertThrowsOrEnds(Socket socket) {
        try {
            assertEquals(-1, socket.getInputStream().read());
        } catch (SocketTimeoutException e) {
            throw new AssertionError("it was not cut off", e);
        } catch (IOException e) {
            // reset
        }
    }

    @Test
    void a_connection_without_a_request_is_closed_and_one_with_a_request_is_not() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (RunningServer server =
                        new RunningServer(
                                with(
                                        ConnectionLimits.DEFAULT.withIdleTimeout(
                                                Duration.ofMillis(300))));
                Socket asking = server.socket();
                Socket idle = server.socket()) {
            server.model.script =
                    (request, events, cancelled) -> {
                        started.countDown();
                        go.await();
                        ScriptedModel.hello(request, events, cancelled);
                    };
            write(asking, rawChat(GOOD));
            assertTrue(started.await(10, TimeUnit.SECONDS));

            assertEquals(-1, idle.getInputStream().read());
            go.countDown();
            assertEquals('H', asking.getInputStream().read());
        }
    }

    @Test
    void the_connection_that_is_idle_for_longest_makes_room() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        try (RunningServer server =
                        new RunningServer(with(ConnectionLimits.DEFAULT.withMaxConnections(3)));
                Socket asking = server.socket()) {
            server.model.script =
                    (_, events, cancelled) -> {
                        started.countDown();
                        cancelled.await();
                        events.accept(ScriptedModel.finished(FinishReason.CANCELLED));
                    };
            write(asking, rawChat(GOOD_STREAM));
            assertTrue(started.await(10, TimeUnit.SECONDS));
            try (Socket oldest = server.socket();
                    Socket newer = server.socket()) {
                // so that all three are known to be open
                write(oldest, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
                assertEquals('H', oldest.getInputStream().read());
                write(newer, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
                assertEquals('H', newer.getInputStream().read());

                assertEquals(200, server.get("/health/live").statusCode());
                while (oldest.getInputStream().read() >= 0) {
                    // the rest of its answer, and then the end
                }
                write(newer, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
                assertTrue(newer.getInputStream().read() >= 0);
            }
        }
    }

    @Test
    void thousands_of_idle_connections_stop_nobody() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try (RunningServer server =
                new RunningServer(with(ConnectionLimits.DEFAULT.withMaxConnections(MANY)))) {
            try {
                for (int i = 0; i < MANY + 500; i++) { // more than there may be
                    idle.add(server.socket());
                }

                assertEquals(200, server.chat(GOOD).statusCode());
                assertTrue(server.server.numConnections() <= MANY);
            } finally {
                for (Socket socket : idle) {
                    socket.close();
                }
            }
        }
    }

    @Test
    void a_head_may_be_as_large_as_was_said() throws Exception {
        String head = "GET /health/live HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n";
        try (RunningServer server =
                        new RunningServer(
                                with(ConnectionLimits.DEFAULT.withMaxHeaderBytes(2_000)));
                Socket small = server.socket();
                Socket large = server.socket()) {
            write(small, head.formatted("a".repeat(1_500)));
            write(large, head.formatted("a".repeat(2_500)));

            assertEquals("HTTP/1.1 200", new String(small.getInputStream().readNBytes(12)));
            assertEquals("HTTP/1.1 4", new String(large.getInputStream().readNBytes(10)));
        }
    }

    @Test
    void more_connections_than_files_are_refused_at_the_start() {
        ServerOptions options = with(ConnectionLimits.DEFAULT.withMaxConnections(1_000_000));

        String message =
                assertThrows(ConfigException.class, () -> new RunningServer(options)).getMessage();

        assertTrue(message.contains("ulimit -n"), message);
    }
}
