package io.moonglass.server.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ChatMessage;
import io.moonglass.clients.MoonglassClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a request makes of a server that writes what a test says, byte by byte.
class StreamedRequestTest {

    private static final Duration LONG = Duration.ofMinutes(2);
    private static final Outcome CANCELLED = new Outcome.Cancelled();
    private static final String HEAD =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

    private static final Pattern CONTENT_LENGTH = Pattern.compile("(?i)content-length: (\\d+)");

    private final ServerSocket listening;

    StreamedRequestTest() throws IOException {
        listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws IOException {
        listening.close();
    }

    @Test
    void a_request_is_given_up_before_the_server_has_said_anything() throws Exception {
        CompletableFuture<Boolean> closed = serve("");

        Outcome outcome = request(Integer.MAX_VALUE).send(Duration.ofMillis(300), CANCELLED);

        assertEquals(CANCELLED, outcome);
        assertTrue(closed.get(20, TimeUnit.SECONDS), "the connection is closed");
    }

    @Test
    void a_request_is_given_up_amid_its_answer() throws Exception {
        CompletableFuture<Boolean> closed = serve(HEAD + piece("a"));

        Outcome outcome = request(Integer.MAX_VALUE).send(Duration.ofMillis(300), CANCELLED);

        assertEquals(CANCELLED, outcome);
        assertTrue(closed.get(20, TimeUnit.SECONDS), "the connection is closed");
    }

    @Test
    void enough_pieces_end_it_without_any_wait() throws Exception {
        CompletableFuture<Boolean> closed = serve(HEAD + piece("a") + piece("b") + piece("c"));

        Outcome outcome = request(2).send(LONG, new Outcome.Failed("timeout", ""));

        assertEquals(CANCELLED, outcome);
        assertTrue(closed.get(20, TimeUnit.SECONDS), "the connection is closed");
    }

    @Test
    void who_is_interrupted_closes_the_connection_too() throws Exception {
        CompletableFuture<Boolean> closed = serve(HEAD + piece("a"));
        StreamedRequest request = request(Integer.MAX_VALUE);
        Thread.currentThread().interrupt();

        assertThrows(InterruptedException.class, () -> request.send(LONG, CANCELLED));

        new Socket(listening.getInetAddress(), listening.getLocalPort()).close();
        assertTrue(closed.get(20, TimeUnit.SECONDS), "no connection is left open");
    }

    @Test
    void only_pieces_of_text_are_timed_and_reasoning_counts_as_text() throws Exception {
        serve(
                HEAD
                        + piece("")
                        + "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n"
                        + ": ping\n\n"
                        + piece("a")
                        + piece("b")
                        + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                        + "data: {\"choices\":[],\"usage\":{\"completion_tokens\":5}}\n\n"
                        + "data: [DONE]\n\n");

        Outcome.Answered answered =
                assertInstanceOf(
                        Outcome.Answered.class, request(Integer.MAX_VALUE).send(LONG, CANCELLED));

        assertEquals("ab", answered.text());
        assertEquals(5, answered.usage().completionTokens());
        AnswerTimes times = answered.times();
        assertEquals(2, times.betweenPieces().size());
        double last =
                times.firstText() + times.betweenPieces().stream().mapToDouble(time -> time).sum();
        assertTrue(times.firstText() > 0);
        assertTrue(times.whole() >= last - 1e-9);
    }

    @Test
    void an_answer_without_text_has_its_first_at_its_end() throws Exception {
        serve(HEAD + "data: [DONE]\n\n");

        Outcome.Answered answered =
                assertInstanceOf(
                        Outcome.Answered.class, request(Integer.MAX_VALUE).send(LONG, CANCELLED));

        assertEquals(
                new AnswerTimes(answered.times().whole(), List.of(), answered.times().whole()),
                answered.times());
    }

    @Test
    void a_stream_that_breaks_off_has_failed() throws Exception {
        CompletableFuture.runAsync(
                () -> {
                    try (Socket socket = listening.accept()) {
                        readRequest(socket.getInputStream());
                        write(socket, HEAD + piece("a"));
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                },
                Thread::startVirtualThread);

        Outcome outcome = request(Integer.MAX_VALUE).send(LONG, CANCELLED);

        assertEquals(
                new Outcome.Failed("no answer", "the stream ended before its [DONE]"), outcome);
    }

    private StreamedRequest request(int maxPieces) {
        URI address = URI.create("http://127.0.0.1:" + listening.getLocalPort());
        return new StreamedRequest(
                MoonglassClient.of(address),
                ChatCompletionRequest.builder().message(ChatMessage.user("hi")).build(),
                maxPieces);
    }

    private static String piece(String text) {
        return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}\n\n"
                .formatted(text);
    }

    /// Answers the first request and keeps the connection.
    ///
    /// @return true as soon as the client has closed it
    private CompletableFuture<Boolean> serve(String answer) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (Socket socket = listening.accept()) {
                        readRequest(socket.getInputStream());
                        write(socket, answer);
                        return socket.getInputStream().read() == -1;
                    } catch (SocketException e) {
                        return true; // closed while bytes were still on their way
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                },
                Thread::startVirtualThread);
    }

    private static void write(Socket socket, String answer) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(answer.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /// Reads a request, or what there is of it before the client closes the connection.
    private static void readRequest(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                return;
            }
            head.append((char) next);
        }
        Matcher length = CONTENT_LENGTH.matcher(head);
        assertTrue(length.find(), head::toString);
        in.readNBytes(Integer.parseInt(length.group(1)));
    }
}
