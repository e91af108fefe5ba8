package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MediaFetcherTest {

    private Loopback loopback;

    @BeforeEach
    void listen() throws IOException, GeneralSecurityException {
        loopback = new Loopback(Loopback.OPTIONS);
    }

    @AfterEach
    void close() {
        loopback.close();
    }

    @Test
    void a_body_comes_whole_however_it_is_framed() throws IOException {
        String body = "0123456789".repeat(9_000);
        String head = "HTTP/1.1 200 OK\r\n";
        String inChunks =
                "1\r\n0\r\n%x;name=value\r\n%s\r\n0\r\nTrailer: x\r\n\r\n"
                        .formatted(body.length() - 1, body.substring(1));
        assertEquals(body, fetched(head + "Content-Length: " + body.length() + "\r\n\r\n" + body));
        assertEquals(body, fetched(head + "Transfer-Encoding: chunked\r\n\r\n" + inChunks));
        assertEquals(body, fetched("HTTP/1.0 200 OK\r\n\r\n" + body));
        assertEquals(
                "ok",
                fetched(
                        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                                + head
                                + "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nok"));
    }

    private String fetched(String answer) throws IOException {
        return loopback.text(Loopback.url(loopback.serve(RawServer.saying(answer))));
    }

    @Test
    void a_request_says_no_more_than_it_must() throws IOException {
        RawServer server =
                loopback.serve(
                        RawServer.saying(
                                "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok"));
        String url = "http://MEDIA.example.:" + server.port() + "//other.example/ä?q=1#fragment";
        loopback.text(url);
        loopback.text(url);
        String head =
                """
                GET //other.example/%%C3%%A4?q=1 HTTP/1.1\r
                Host: media.example:%d\r
                User-Agent: moonglass\r
                Accept: */*\r
                Accept-Encoding: identity\r
                Connection: close\r
                \r
                """
                        .formatted(server.port());
        assertEquals(List.of(head, head), server.heads());
    }

    @Test
    void a_redirect_is_followed_without_a_word_about_where_it_came_from() throws IOException {
        RawServer last =
                loopback.serve(RawServer.saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        RawServer first = loopback.serve(RawServer.sendingTo(Loopback.url(last)));
        assertEquals("ok", loopback.text(Loopback.url(first)));
        assertTrue(last.heads().getFirst().startsWith("GET /a.png HTTP/1.1\r\n"));
        assertFalse(last.heads().getFirst().contains("Referer"));
    }

    @Test
    void a_relative_redirect_is_taken_from_the_address_that_sent_it() throws IOException {
        RawServer server =
                loopback.serve((head, in, out) ->
                        (head.startsWith("GET /a.png")
                                        ? RawServer.sendingTo("b.png?x=1")
                                        : RawServer.saying(
                                                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
                                .answer(head, in, out));
        assertEquals("ok", loopback.text(Loopback.url(server)));
        assertTrue(server.heads().get(1).startsWith("GET /b.png?x=1 HTTP/1.1\r\n"));
    }

    @Test
    void a_file_is_written_as_it_comes_and_for_this_user_alone(@TempDir Path folder)
            throws IOException {
        RawServer server =
                loopback.serve(
                        RawServer.saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nvideo"));
        Path file = folder.resolve("video");
        assertEquals(5, fetchTo(Loopback.url(server), file).numBytes());
        assertEquals("video", Files.readString(file));
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    private FetchedFile fetchTo(String url, Path file) {
        return loopback.fetcher.fetchTo(
                url,
                file,
                "video",
                Loopback.MAX_BYTES,
                Duration.ofSeconds(20),
                Loopback.PARAM,
                () -> false);
    }

    @Test
    void a_file_of_a_fetch_that_fails_is_deleted(@TempDir Path folder) throws IOException {
        RawServer server =
                loopback.serve(
                        RawServer.saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nvideo"));
        Path file = Files.writeString(folder.resolve("video"), "what was there before");
        assertThrows(InvalidRequestException.class, () -> fetchTo(Loopback.url(server), file));
        assertFalse(Files.exists(file));
        loopback.goodFetchWorks();
    }

    @Test
    void a_file_that_cannot_be_written_is_not_the_callers_fault(@TempDir Path folder) {
        assertThrows(
                UncheckedIOException.class,
                () -> fetchTo("http://media.example/", folder.resolve("none").resolve("video")));
    }

    @Test
    void an_offline_server_fetches_nothing() throws IOException, GeneralSecurityException {
        try (Loopback offline = new Loopback(Loopback.OPTIONS.withOffline(true))) {
            RawServer server = offline.serveAt("127.0.0.1");
            InvalidRequestException fault =
                    assertThrows(
                            InvalidRequestException.class,
                            () -> offline.text(Loopback.url(server)));
            assertEquals(Kind.UNSUPPORTED_FEATURE, fault.kind());
            assertEquals(0, offline.resolver.numLookups("media.example"));
            assertEquals(0, server.numConnections());
        }
    }

    @Test
    void only_hosts_of_the_list_are_fetched_from_at_every_step()
            throws IOException, GeneralSecurityException {
        FetchOptions options =
                Loopback.OPTIONS.withAllowedHosts(List.of(HostPattern.parse("*.example")));
        try (Loopback listed = new Loopback(options)) {
            listed.resolver.with("other.test", "127.0.0.1");
            RawServer server = listed.serveAt("127.0.0.1");
            String other = "http://other.test:" + server.port() + "/";
            listed.refused(Kind.FORBIDDEN_ADDRESS, other);
            listed.refused(Kind.FORBIDDEN_ADDRESS, "http://127.0.0.1:" + server.port() + "/");
            listed.refused(Kind.FORBIDDEN_ADDRESS, RawServer.sendingTo(other));
            assertEquals(0, listed.resolver.numLookups("other.test"));
            assertEquals(0, server.numConnections());
        }
    }

    @Test
    void the_next_address_is_tried_where_one_cannot_be_reached()
            throws IOException, GeneralSecurityException {
        FetchOptions options =
                Loopback.OPTIONS.withAllowedNetworks(List.of(AddressRange.parse("127.0.0.0/8")));
        try (Loopback wide = new Loopback(options)) {
            RawServer server = wide.serveAt("127.0.0.1");
            wide.resolver.with("two.example", "127.0.0.9,127.0.0.1");
            assertEquals("a good thing", wide.text("http://two.example:" + server.port() + "/"));
            assertEquals(1, wide.resolver.numLookups("two.example"));
        }
    }

    @Test
    void http_is_refused_unless_it_is_allowed() throws IOException, GeneralSecurityException {
        try (MediaFetcher strict = new MediaFetcher(FetchOptions.DEFAULT)) {
            InvalidRequestException fault =
                    assertThrows(
                            InvalidRequestException.class,
                            () ->
                                    strict.fetch(
                                            "http://media.example/",
                                            "image",
                                            1,
                                            null,
                                            () -> false));
            assertEquals(Kind.INVALID_VALUE, fault.kind());
            assertEquals(
                    "the address \"http://media.example/\" cannot be fetched: want an address that begins with https://",
                    fault.getMessage());
        }
    }

    @Test
    void statistics_say_what_became_of_fetches() throws IOException {
        loopback.refused(Kind.FORBIDDEN_ADDRESS, "http://127.0.0.2/");
        loopback.unavailable("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
        loopback.refused(Kind.INVALID_VALUE, "ftp://media.example/");
        FetchStatistics statistics = loopback.fetcher.statistics();
        assertEquals(3, statistics.fetched());
        assertEquals(3 * "a good thing".length(), statistics.bytes());
        assertEquals(2, statistics.refused());
        assertEquals(1, statistics.failed());
        assertEquals(0, statistics.cancelled());
        assertTrue(statistics.seconds() > 0);
    }
}
