package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.runtime.OverloadedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What many fetches share, and how they end early.
@Timeout(60)
class FetchLimitsTest {

    private static final String OK = "HTTP/1.1 200 OK\r\n";

    /// A server whose answers wait until the test lets them go.
    private static final class Gate {

        final Semaphore asked = new Semaphore(0);
        final Semaphore let = new Semaphore(0);

        RawServer.Conversation before(String answer) {
            return (head, in, out) -> {
                asked.release();
                let.acquire();
                RawServer.saying(answer).answer(head, in, out);
            };
        }

        void awaitAsked(int times) throws InterruptedException {
            assertTrue(asked.tryAcquire(times, 20, TimeUnit.SECONDS));
        }
    }

    private static FutureTask<String> started(Loopback loopback, String url) {
        FutureTask<String> text = new FutureTask<>(() -> loopback.text(url));
        Thread.ofVirtual().start(text);
        return text;
    }

    private static String ok(int length) {
        return OK + "Content-Length: " + length + "\r\n\r\n" + "y".repeat(length);
    }

    @Test
    void who_gives_up_closes_the_connection_at_every_stage()
            throws IOException, GeneralSecurityException, InterruptedException {
        List<String> beginnings =
                List.of("", OK + "X: ", OK + "Content-Length: 9000\r\n\r\n", OK + "\r\nsome");
        for (String beginning : beginnings) {
            try (Loopback loopback = new Loopback(Loopback.OPTIONS)) {
                RawServer server = loopback.serve(RawServer.stallingAfter(beginning));
                assertThrows(
                        CancellationException.class,
                        () ->
                                loopback.fetcher.fetch(
                                        Loopback.url(server),
                                        "image",
                                        Loopback.MAX_BYTES,
                                        null,
                                        () -> !server.heads().isEmpty()));
                assertTrue(server.sawClientLeave());
                assertEquals(1, loopback.fetcher.statistics().cancelled());
                loopback.goodFetchWorks();
            }
        }
    }

    @Test
    void a_fetch_that_nobody_wants_from_the_start_is_not_begun()
            throws IOException, GeneralSecurityException {
        try (Loopback loopback = new Loopback(Loopback.OPTIONS)) {
            RawServer server = loopback.serve(RawServer.stallingAfter(""));
            assertThrows(
                    CancellationException.class,
                    () ->
                            loopback.fetcher.fetch(
                                    Loopback.url(server), "image", 1, null, () -> true));
            loopback.goodFetchWorks();
        }
    }

    @Test
    void an_interrupt_of_the_waiting_thread_closes_the_connection()
            throws IOException, GeneralSecurityException, InterruptedException {
        try (Loopback loopback = new Loopback(Loopback.OPTIONS)) {
            Gate gate = new Gate();
            RawServer server = loopback.serve(gate.before(ok(2)));
            FutureTask<String> text = new FutureTask<>(() -> loopback.text(Loopback.url(server)));
            Thread waiting = Thread.ofVirtual().start(text);
            gate.awaitAsked(1);
            waiting.interrupt();
            ExecutionException fault = assertThrows(ExecutionException.class, text::get);
            assertInstanceOf(CancellationException.class, fault.getCause());
            gate.let.release();
            loopback.goodFetchWorks();
        }
    }

    @Test
    void an_abandoned_file_is_deleted_and_not_made_again(@TempDir Path folder)
            throws IOException, GeneralSecurityException, InterruptedException {
        try (Loopback loopback = new Loopback(Loopback.OPTIONS)) {
            RawServer server = loopback.serve(RawServer.dripping(OK + "\r\n", "some", 1));
            Path file = folder.resolve("video");
            assertThrows(
                    CancellationException.class,
                    () ->
                            loopback.fetcher.fetchTo(
                                    Loopback.url(server),
                                    file,
                                    "video",
                                    1L << 40,
                                    Duration.ofMinutes(1),
                                    null,
                                    () -> file.toFile().length() > 0));
            assertTrue(server.sawClientLeave());
            assertFalse(Files.exists(file));
        }
    }

    @Test
    void closing_the_fetcher_ends_what_is_being_fetched()
            throws IOException, GeneralSecurityException, InterruptedException {
        try (Loopback loopback = new Loopback(Loopback.OPTIONS)) {
            RawServer server = loopback.serve(RawServer.stallingAfter(OK));
            FutureTask<String> text = started(loopback, Loopback.url(server));
            while (server.heads().isEmpty()) {
                Thread.sleep(5);
            }
            loopback.fetcher.close();
            ExecutionException fault = assertThrows(ExecutionException.class, text::get);
            assertInstanceOf(CancellationException.class, fault.getCause());
            assertTrue(server.sawClientLeave());
            assertThrows(CancellationException.class, () -> loopback.text(Loopback.url(server)));
        }
    }

    @Test
    void a_lookup_that_hangs_is_left_behind_and_holds_nobody_else_up()
            throws IOException, GeneralSecurityException {
        CountDownLatch never = new CountDownLatch(1);
        ScriptedResolver others = new ScriptedResolver().with("media.example", "127.0.0.1");
        NameResolver hanging =
                name -> {
                    if (name.equals("hanging.example")) {
                        awaitUninterruptibly(never);
                    }
                    return others.addresses(name);
                };
        try (MediaFetcher fetcher =
                        new MediaFetcher(
                                Loopback.OPTIONS.withTimeout(Duration.ofSeconds(1)),
                                hanging,
                                SSLContext.getDefault());
                RawServer server = RawServer.plain(RawServer.saying(ok(2)))) {
            InvalidRequestException fault =
                    assertThrows(
                            InvalidRequestException.class,
                            () ->
                                    fetcher.fetch(
                                            "http://hanging.example/",
                                            "image",
                                            1,
                                            null,
                                            () -> false));
            assertEquals(Kind.MEDIA_UNAVAILABLE, fault.kind());
            assertThrows(
                    CancellationException.class,
                    () -> fetcher.fetch("http://hanging.example/", "image", 1, null, () -> true));
            try (FetchedBytes good =
                    fetcher.fetch(Loopback.url(server), "image", 2, null, () -> false)) {
                assertEquals(2, good.bytes().length);
            }
        } finally {
            never.countDown();
        }
    }

    /// As a native call does.
    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean done = false;
        while (!done) {
            try {
                latch.await();
                done = true;
            } catch (InterruptedException e) {
                // goes on
            }
        }
    }

    @Test
    void one_host_never_takes_all_places()
            throws IOException, GeneralSecurityException, InterruptedException, ExecutionException {
        try (Loopback loopback = new Loopback(Loopback.OPTIONS.withMaxConcurrent(3, 2))) {
            Gate gate = new Gate();
            RawServer slow = loopback.serve(gate.before(ok(2)));
            loopback.resolver.with("slow.example", "127.0.0.1");
            List<FutureTask<String>> waiting =
                    List.of(
                            started(loopback, "http://slow.example:" + slow.port() + "/1"),
                            started(loopback, "http://slow.example:" + slow.port() + "/2"),
                            started(loopback, "http://slow.example:" + slow.port() + "/3"));
            gate.awaitAsked(2);
            assertFalse(gate.asked.tryAcquire(300, TimeUnit.MILLISECONDS));
            assertEquals(2, slow.numConnections());
            gate.let.release(3);
            for (FutureTask<String> text : waiting) {
                assertEquals("yy", text.get());
            }
        }
    }

    @Test
    void a_server_with_many_names_is_one_host_and_others_go_on()
            throws IOException, GeneralSecurityException, InterruptedException, ExecutionException {
        FetchOptions options =
                Loopback.OPTIONS
                        .withMaxConcurrent(3, 2)
                        .withAllowedNetworks(List.of(AddressRange.parse("127.0.0.0/8")));
        try (Loopback loopback = new Loopback(options)) {
            Gate gate = new Gate();
            RawServer slow = loopback.closing(RawServer.plainAt("127.0.0.3", gate.before(ok(2))));
            List<FutureTask<String>> waiting =
                    List.of("a", "b", "c", "d").stream()
                            .map(name -> {
                                loopback.resolver.with(name + ".example", "127.0.0.3");
                                return started(
                                        loopback,
                                        "http://%s.example:%d/".formatted(name, slow.port()));
                            })
                            .toList();
            gate.awaitAsked(2);
            loopback.goodFetchWorks();
            assertEquals(2, slow.numConnections());
            gate.let.release(4);
            for (FutureTask<String> text : waiting) {
                assertEquals("yy", text.get());
            }
        }
    }

    @Test
    void who_finds_no_place_in_time_is_told_to_come_again(@TempDir Path folder)
            throws IOException, GeneralSecurityException, InterruptedException, ExecutionException {
        FetchOptions options = Loopback.OPTIONS.withMaxConcurrent(1, 1);
        try (Loopback loopback = new Loopback(options)) {
            Gate gate = new Gate();
            RawServer slow = loopback.serve(gate.before(ok(2)));
            FutureTask<String> first = started(loopback, Loopback.url(slow));
            gate.awaitAsked(1);
            OverloadedException fault =
                    assertThrows(
                            OverloadedException.class,
                            () ->
                                    loopback.fetcher.fetchTo(
                                            Loopback.url(slow),
                                            folder.resolve("video"),
                                            "video",
                                            9,
                                            Duration.ofMillis(300),
                                            null,
                                            () -> false));
            assertTrue(fault.retryAfter().isPositive());
            gate.let.release();
            assertEquals("yy", first.get());
            loopback.goodFetchWorks();
        }
    }

    @Test
    void bytes_count_as_memory_until_they_are_given_back()
            throws IOException, GeneralSecurityException {
        try (Loopback loopback = new Loopback(Loopback.OPTIONS.withMaxBytesInMemory(1000))) {
            RawServer server = loopback.serve(RawServer.saying(ok(900)));
            FetchedBytes held =
                    loopback.fetcher.fetch(Loopback.url(server), "image", 900, null, () -> false);
            OverloadedException fault =
                    assertThrows(
                            OverloadedException.class, () -> loopback.text(Loopback.url(server)));
            assertTrue(fault.getMessage().contains("1,000 bytes"), fault.getMessage());
            loopback.goodFetchWorks();
            held.close();
            held.close();
            assertEquals(900, loopback.text(Loopback.url(server)).length());
            assertEquals(900, loopback.text(Loopback.url(server)).length());
        }
    }

    @Test
    void what_never_fits_into_memory_is_too_large() throws IOException, GeneralSecurityException {
        try (Loopback loopback = new Loopback(Loopback.OPTIONS.withMaxBytesInMemory(1000))) {
            loopback.refused(Kind.MEDIA_TOO_LARGE, RawServer.saying(ok(1001)));
            loopback.refused(
                    Kind.MEDIA_TOO_LARGE, RawServer.saying(OK + "\r\n" + "y".repeat(1001)));
        }
    }

    @Test
    void memory_of_fetches_that_fail_is_free_again()
            throws IOException, GeneralSecurityException, InterruptedException {
        try (Loopback loopback = new Loopback(Loopback.OPTIONS.withMaxBytesInMemory(1000))) {
            loopback.unavailable(OK + "Content-Length: 990\r\n\r\nbroken");
            RawServer server =
                    loopback.serve(RawServer.stallingAfter(OK + "Content-Length: 990\r\n\r\n"));
            assertThrows(
                    CancellationException.class,
                    () ->
                            loopback.fetcher.fetch(
                                    Loopback.url(server),
                                    "image",
                                    Loopback.MAX_BYTES,
                                    null,
                                    () -> !server.heads().isEmpty()));
            RawServer good = loopback.serve(RawServer.saying(ok(1000)));
            assertEquals(1000, loopback.text(Loopback.url(good)).length());
        }
    }

    @Test
    void memory_of_a_body_of_unknown_length_is_what_it_needs_in_the_end()
            throws IOException, GeneralSecurityException {
        FetchBudget memory = new FetchBudget(1_000_000);
        FetchBudget.Lease lease = memory.lease();
        MemorySink sink =
                new MemorySink(memory, lease, 200_000, new FetchFaults("image", "", null));
        for (int i = 0; i < 100; i++) {
            sink.write(new byte[1234], 1234);
        }
        sink.end();
        assertEquals(123_400, sink.bytes().length);
        assertEquals(123_400, lease.held());
        lease.close();
        assertThrows(CancellationException.class, () -> lease.tryGrow(1));
        assertTrue(memory.lease().tryGrow(1_000_000));
    }

    @Test
    void files_share_the_space_on_disk_until_they_are_given_back(@TempDir Path folder)
            throws IOException, GeneralSecurityException {
        try (Loopback loopback = new Loopback(Loopback.OPTIONS.withMaxBytesOnDisk(1_000))) {
            RawServer large = loopback.serve(RawServer.saying(ok(1_001)));
            RawServer good = loopback.serve(RawServer.saying(ok(600)));
            InvalidRequestException tooLarge =
                    assertThrows(
                            InvalidRequestException.class,
                            () -> toFile(loopback, large, folder.resolve("large")));
            assertEquals(Kind.MEDIA_TOO_LARGE, tooLarge.kind());
            FetchedFile first = toFile(loopback, good, folder.resolve("first"));
            assertThrows(
                    OverloadedException.class,
                    () -> toFile(loopback, good, folder.resolve("second")));
            assertFalse(Files.exists(folder.resolve("second")));
            first.close();
            first.close();
            assertEquals(600, toFile(loopback, good, folder.resolve("third")).numBytes());
        }
    }

    private static FetchedFile toFile(Loopback loopback, RawServer server, Path file) {
        return loopback.fetcher.fetchTo(
                Loopback.url(server),
                file,
                "video",
                1L << 40,
                Duration.ofMinutes(1),
                null,
                () -> false);
    }

    @Test
    void options_that_cannot_be_used_are_the_operators_fault() {
        FetchOptions options = FetchOptions.DEFAULT;
        assertThrows(ConfigException.class, () -> options.withMaxRedirects(-1));
        assertThrows(ConfigException.class, () -> options.withMaxRedirects(21));
        assertThrows(ConfigException.class, () -> options.withMaxConcurrent(0, 0));
        assertThrows(ConfigException.class, () -> options.withMaxConcurrent(2, 3));
        assertThrows(ConfigException.class, () -> options.withMaxBytesInMemory(0));
        assertThrows(ConfigException.class, () -> options.withMaxBytesOnDisk(0));
        assertThrows(ConfigException.class, () -> options.withTimeout(Duration.ZERO));
        assertThrows(ConfigException.class, () -> options.withTimeout(Duration.ofDays(1)));
        assertThrows(ConfigException.class, () -> options.pace().withMinBytesPerSecond(-1));
    }

    @Test
    void by_default_nothing_on_this_machine_is_reached() throws IOException {
        try (MediaFetcher usual = new MediaFetcher(FetchOptions.DEFAULT);
                RawServer server = RawServer.plain(RawServer.saying(ok(2)))) {
            for (String host : List.of("localhost", "127.0.0.1", "[::1]")) {
                InvalidRequestException fault =
                        assertThrows(
                                InvalidRequestException.class,
                                () ->
                                        usual.fetch(
                                                "https://" + host + ":" + server.port() + "/",
                                                "image",
                                                9,
                                                null,
                                                () -> false));
                assertEquals(Kind.FORBIDDEN_ADDRESS, fault.kind(), host);
            }
            assertEquals(0, server.numConnections());
        }
    }
}
