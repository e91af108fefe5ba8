package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.CHAT;
import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.GOOD_STREAM;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.GenerationEvent;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// HTTP/2 without TLS: with the JDK's client, and with one that writes frames as no good client would.
@Timeout(120)
class Http2Test {

    private static final int ENHANCE_YOUR_CALM = 11;

    private final CountDownLatch started = new CountDownLatch(1);
    private final RunningServer server =
            new RunningServer(
                    ServerOptions.DEFAULT
                            .withBodyTimeout(Duration.ofMillis(300))
                            .withDrainTimeout(Duration.ZERO));

    @AfterEach
    void a_good_request_works_after_it() {
        try (server) {
            server.model.script = ScriptedModel::hello;
            assertEquals(200, server.chat(GOOD).statusCode());
        }
    }

    private void silent(
            ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled)
            throws InterruptedException {
        started.countDown();
        cancelled.await();
        events.accept(ScriptedModel.finished(FinishReason.CANCELLED));
    }

    private RawHttp2 raw() throws IOException {
        return new RawHttp2(server.socket());
    }

    @Test
    void a_client_may_go_over_to_it_on_an_open_connection() throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> first =
                    client.send(
                            server.request("/health/live").build(),
                            HttpResponse.BodyHandlers.ofString());
            HttpResponse<String> second =
                    client.send(
                            server.request(CHAT)
                                    .POST(HttpRequest.BodyPublishers.ofString(GOOD))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());

            assertEquals(HttpClient.Version.HTTP_2, first.version());
            assertEquals(HttpClient.Version.HTTP_2, second.version());
            assertEquals(200, second.statusCode());
            assertTrue(second.body().contains("Good day"), second.body());
        }
    }

    @Test
    void events_come_one_by_one() throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        server.model.script =
                (request, events, cancelled) -> {
                    events.accept(new GenerationEvent.TextDelta("first"));
                    seen.await(); // so the first is read before there is a second
                    ScriptedModel.hello(request, events, cancelled);
                };
        try (HttpClient client = HttpClient.newHttpClient()) {
            client.send(
                    server.request("/health/live").build(), HttpResponse.BodyHandlers.discarding());
            HttpResponse<Stream<String>> response =
                    client.send(
                            server.request(CHAT)
                                    .POST(HttpRequest.BodyPublishers.ofString(GOOD_STREAM))
                                    .build(),
                            HttpResponse.BodyHandlers.ofLines());
            Iterator<String> lines = response.body().iterator();
            while (!lines.next().contains("first")) {
                // what comes before the text
            }
            seen.countDown();
            String last = "";
            while (lines.hasNext()) {
                String line = lines.next();
                last = line.isEmpty() ? last : line;
            }

            assertEquals(HttpClient.Version.HTTP_2, response.version());
            assertEquals("data: [DONE]", last);
        }
    }

    @Test
    void it_is_not_spoken_where_it_is_switched_off() throws Exception {
        try (RunningServer plain =
                        new RunningServer(
                                ServerOptions.DEFAULT.withConnections(
                                        ConnectionLimits.DEFAULT.withHttp2(false)));
                HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> response =
                    client.send(
                            plain.request("/health/live").build(),
                            HttpResponse.BodyHandlers.ofString());

            assertEquals(HttpClient.Version.HTTP_1_1, response.version());
        }
    }

    @Test
    void a_reset_stream_ends_its_generation_and_no_other() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        server.model.script = this::silent;
        try (RawHttp2 client = raw()) {
            client.chat(1, GOOD_STREAM);
            assertTrue(started.await(10, TimeUnit.SECONDS));
            client.reset(1);
            assertTrue(server.model.wasCancelledWithin(10));
            server.model.script =
                    (request, events, cancelled) -> {
                        go.await();
                        ScriptedModel.hello(request, events, cancelled);
                    };
            client.chat(3, GOOD);
            client.get(5, "/health/live");
            assertTrue(client.body(5).contains("UP"));
            go.countDown();

            assertTrue(client.body(3).contains("Good day"));
        }
    }

    @Test
    void a_client_that_leaves_ends_all_its_generations() throws Exception {
        server.model.script = this::silent;
        try (RawHttp2 client = raw()) {
            client.chat(1, GOOD);
            assertTrue(started.await(10, TimeUnit.SECONDS));
        }

        assertTrue(server.model.wasCancelledWithin(10));
    }

    @Test
    void a_cancelled_request_of_the_jdk_client_ends_its_generation() throws Exception {
        server.model.script = this::silent;
        try (HttpClient client = HttpClient.newHttpClient()) {
            client.send(
                    server.request("/health/live").build(), HttpResponse.BodyHandlers.discarding());
            CompletableFuture<HttpResponse<String>> answer =
                    client.sendAsync(
                            server.request(CHAT)
                                    .POST(HttpRequest.BodyPublishers.ofString(GOOD))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertTrue(started.await(10, TimeUnit.SECONDS));
            answer.cancel(true);

            assertTrue(server.model.wasCancelledWithin(10));
        }
    }

    @Test
    void a_body_that_drips_is_refused_and_the_connection_lives_on() throws Exception {
        try (RawHttp2 client = raw()) {
            client.send(RawHttp2.HEADERS, RawHttp2.END_HEADERS, 1, RawHttp2.head("POST", CHAT));
            client.send(RawHttp2.DATA, 0, 1, "{\"mess".getBytes(StandardCharsets.US_ASCII));

            assertTrue(client.body(1).contains("request_timeout"));
            client.send(RawHttp2.DATA, 0, 1, "ages".getBytes(StandardCharsets.US_ASCII));
            client.chat(3, GOOD);
            assertTrue(client.body(3).contains("Good day"));
        }
    }

    @Test
    void the_rest_of_a_refused_body_is_thrown_away_and_the_connection_lives_on() throws Exception {
        byte[] block = new byte[16_384];
        Arrays.fill(block, (byte) ' ');
        try (RunningServer small =
                        new RunningServer(ServerOptions.DEFAULT.withMaxBodyBytes(1_000));
                RawHttp2 client = new RawHttp2(small.socket())) {
            client.send(RawHttp2.HEADERS, RawHttp2.END_HEADERS, 1, RawHttp2.head("POST", CHAT));
            for (int i = 0; i < 4; i++) {
                client.send(RawHttp2.DATA, 0, 1, block);
            }
            assertTrue(client.body(1).contains("request_too_large"));
            RawHttp2.Frame end =
                    client.await(
                            frame -> frame.type() == RawHttp2.RST_STREAM && frame.streamId() == 1);
            // more than the connection's window holds, so it must have been given back
            for (int i = 0; i < 20; i++) {
                client.send(RawHttp2.DATA, 0, 1, block);
                client.await(frame -> frame.type() == RawHttp2.WINDOW_UPDATE);
            }
            client.chat(3, GOOD);

            assertEquals(0, end.errorCode());
            assertTrue(client.body(3).contains("Good day"));
        }
    }

    @Test
    void an_encoded_body_is_refused_in_the_shape_of_every_error() throws Exception {
        try (RawHttp2 client = raw()) {
            client.send(
                    RawHttp2.HEADERS,
                    RawHttp2.END_HEADERS,
                    1,
                    RawHttp2.head("POST", CHAT, "content-encoding", "gzip"));
            client.send(RawHttp2.DATA, RawHttp2.END_STREAM, 1, new byte[] {1, 2, 3});
            String refusal = client.body(1);
            client.chat(3, GOOD);

            assertTrue(refusal.contains("unsupported_content_encoding"), refusal);
            assertTrue(client.body(3).contains("Good day"));
        }
    }

    @Test
    void a_path_that_is_none_harms_no_other_request() throws Exception {
        try (RawHttp2 client = raw()) {
            client.get(1, "/%zz");
            String refusal = client.body(1);
            client.chat(3, GOOD);

            assertTrue(refusal.contains("unknown_url"), refusal);
            assertTrue(client.body(3).contains("Good day"));
        }
    }

    @Test
    void requests_whose_clients_left_within_the_body_give_their_places_back() throws Exception {
        try (RunningServer narrow =
                new RunningServer(ServerOptions.DEFAULT.withMaxConcurrentRequests(1))) {
            for (int i = 0; i < 3; i++) {
                try (RawHttp2 client = new RawHttp2(narrow.socket())) {
                    client.send(
                            RawHttp2.HEADERS, RawHttp2.END_HEADERS, 1, RawHttp2.head("POST", CHAT));
                    client.send(RawHttp2.DATA, 0, 1, new byte[] {'{'});
                }
            }
            int status;
            do { // the places are given back soon, not at once
                status = narrow.chat(GOOD).statusCode();
            } while (status == 429);

            assertEquals(200, status);
        }
    }

    @Test
    void who_opens_streams_to_reset_them_is_cut_off() throws Exception {
        try (RawHttp2 client = raw()) {
            flood(
                    client,
                    i -> {
                        byte[] open =
                                RawHttp2.frame(
                                        RawHttp2.HEADERS,
                                        RawHttp2.END_HEADERS | RawHttp2.END_STREAM,
                                        2 * i + 1,
                                        RawHttp2.head("GET", "/health/live"));
                        byte[] reset =
                                RawHttp2.frame(
                                        RawHttp2.RST_STREAM, 0, 2 * i + 1, new byte[] {0, 0, 0, 8});
                        byte[] both = Arrays.copyOf(open, open.length + reset.length);
                        System.arraycopy(reset, 0, both, open.length, reset.length);
                        return both;
                    });
        }
    }

    @Test
    void floods_of_pings_settings_and_empty_frames_are_cut_off() throws Exception {
        try (RawHttp2 client = raw()) {
            flood(client, _ -> RawHttp2.frame(RawHttp2.PING, 0, 0, new byte[8]));
        }
        try (RawHttp2 client = raw()) {
            flood(client, _ -> RawHttp2.frame(RawHttp2.SETTINGS, 0, 0, new byte[0]));
        }
        try (RawHttp2 client = raw()) {
            client.send(RawHttp2.HEADERS, RawHttp2.END_HEADERS, 1, RawHttp2.head("POST", CHAT));
            flood(client, _ -> RawHttp2.frame(RawHttp2.DATA, 0, 1, new byte[0]));
        }
        try (RawHttp2 client = raw()) {
            flood(client, i -> RawHttp2.frame(2, 0, 2 * i + 1, new byte[] {0, 0, 0, 0, 1}));
        }
    }

    private interface Flood {
        byte[] frame(int index);
    }

    /// Sends until the server does not want any more, which it must tell.
    private void flood(RawHttp2 client, Flood flood) throws Exception {
        Thread sender =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                for (int i = 0; i < 100_000; i++) {
                                    client.sendRaw(flood.frame(i));
                                }
                            } catch (IOException e) {
                                // cut off, as it should be
                            }
                        });
        int errorCode = client.farewell();
        sender.join();

        // a reset of the connection may come before its last words
        assertTrue(errorCode == ENHANCE_YOUR_CALM || errorCode == -1, "error " + errorCode);
    }

    @Test
    void a_head_without_end_is_cut_off() throws Exception {
        for (byte[] more : new byte[][] {new byte[0], new byte[8_000]}) {
            try (RawHttp2 client = raw()) {
                client.send(RawHttp2.HEADERS, RawHttp2.END_STREAM, 1, RawHttp2.head("GET", "/"));
                flood(
                        client,
                        _ -> RawHttp2.frame(RawHttp2.CONTINUATION, 0, 1, more),
                        ENHANCE_YOUR_CALM,
                        431); // as Helidon calls a head that is too large
            }
        }
    }

    private void flood(RawHttp2 client, Flood flood, int... errorCodes) throws Exception {
        try {
            for (int i = 0; i < 1_000; i++) {
                client.sendRaw(flood.frame(i));
            }
        } catch (IOException e) {
            // cut off, as it should be
        }
        int errorCode = client.farewell();
        assertTrue(
                errorCode == -1 || Arrays.stream(errorCodes).anyMatch(some -> some == errorCode),
                "error " + errorCode);
    }

    @Test
    void a_small_head_that_unpacks_to_millions_of_bytes_is_not_unpacked() throws Exception {
        try (RawHttp2 client = raw()) {
            client.send(
                    RawHttp2.HEADERS,
                    RawHttp2.END_HEADERS | RawHttp2.END_STREAM,
                    1,
                    headThatUnpacks(0));

            assertEquals(ENHANCE_YOUR_CALM, client.farewell());
        }
    }

    @Test
    void nor_is_one_that_hides_its_fields_behind_a_number_with_leading_zeros() throws Exception {
        try (RawHttp2 client = raw()) {
            client.send(
                    RawHttp2.HEADERS,
                    RawHttp2.END_HEADERS | RawHttp2.END_STREAM,
                    1,
                    headThatUnpacks(4));

            assertEquals(ENHANCE_YOUR_CALM, client.farewell());
        }
    }

    /// One long field that is kept in the table, then thousands of references to it.
    ///
    /// @param numZeros bytes that the length of the long field has more than it needs
    private static byte[] headThatUnpacks(int numZeros) {
        byte[] head = RawHttp2.head("GET", "/health/live");
        byte[] block = new byte[head.length + 4_000 + 10_000];
        System.arraycopy(head, 0, block, 0, head.length);
        int at = head.length;
        block[at++] = 0x40;
        block[at++] = 1;
        block[at++] = 'x';
        block[at++] = 127;
        int length = 3_900 - 127;
        block[at++] = (byte) (length & 127 | 128);
        block[at++] = (byte) (length >> 7 | (numZeros > 0 ? 128 : 0));
        for (int i = 1; i <= numZeros; i++) {
            block[at++] = (byte) (i < numZeros ? 128 : 0);
        }
        Arrays.fill(block, at, at + 3_900, (byte) 'a');
        at += 3_900;
        // to whoever loses count of the zeros, a field whose name has no end
        block[at - 2] = 0x40;
        block[at - 1] = 0x7f;
        Arrays.fill(block, at, block.length, (byte) 0xbe);
        return block;
    }

    @Test
    void a_head_of_many_fields_in_several_frames_is_read() throws Exception {
        String[] more = new String[2 * 150];
        for (int i = 0; i < more.length; i += 2) {
            more[i] = "x-field-" + i;
            more[i + 1] = "value";
        }
        byte[] block = RawHttp2.head("GET", "/health/live", more);
        try (RawHttp2 client = raw()) {
            client.send(
                    RawHttp2.HEADERS,
                    RawHttp2.END_STREAM,
                    1,
                    Arrays.copyOf(block, 100)); // within a field
            client.send(
                    RawHttp2.CONTINUATION,
                    RawHttp2.END_HEADERS,
                    1,
                    Arrays.copyOfRange(block, 100, block.length));

            assertTrue(client.body(1).contains("UP"));
        }
    }

    @Test
    void a_stopping_server_sends_clients_elsewhere_and_finishes_what_they_asked() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        RunningServer stopping =
                new RunningServer(ServerOptions.DEFAULT.withDrainTimeout(Duration.ofSeconds(60)));
        stopping.model.script =
                (request, events, cancelled) -> {
                    started.countDown();
                    go.await();
                    ScriptedModel.hello(request, events, cancelled);
                };
        try (RawHttp2 client = new RawHttp2(stopping.socket())) {
            client.chat(1, GOOD);
            assertTrue(started.await(10, TimeUnit.SECONDS));
            Thread closing = Thread.ofVirtual().start(stopping::close);
            int id = 1;
            String told;
            do { // it begins to stop soon, not at once
                id += 2;
                client.get(id, "/v1/models");
                told = client.body(id);
            } while (!told.contains("server_shutting_down"));
            RawHttp2.Frame farewell = client.await(frame -> frame.type() == RawHttp2.GOAWAY);
            go.countDown();

            assertEquals(0, farewell.errorCode());
            assertEquals(id, farewell.lastStreamId());
            assertTrue(client.body(1).contains("Good day"));
            closing.join();
        }
    }

    @Test
    void a_stopping_server_says_farewell() throws Exception {
        RunningServer stopping = new RunningServer();
        try (RawHttp2 client = new RawHttp2(stopping.socket())) {
            client.get(1, "/health/live");
            assertTrue(client.body(1).contains("UP"));
            stopping.close();

            assertEquals(0, client.farewell());
        }
    }
}
