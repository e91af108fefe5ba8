package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.runtime.fetch.AddressRange;
import io.moonglass.runtime.fetch.FetchOptions;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.vision.image.TestPictures;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Hosts that the operator allows and that behave badly; a second one beside them, which is not allowed, must see
/// nobody.
class HostileHostsTest {

    private static final String OK = "HTTP/1.1 200 OK\r\n";

    @TempDir static Path folder;
    private static MediaServer server;
    private static RawMediaServer host;
    private static RawMediaServer secret;

    @BeforeAll
    static void start() throws IOException {
        FetchOptions fetch =
                FetchOptions.DEFAULT
                        .withAllowHttp(true)
                        .withAllowedNetworks(List.of(AddressRange.parse("127.0.0.1/32")))
                        .withPace(
                                FetchOptions.DEFAULT
                                        .pace()
                                        .withResponseTimeout(Duration.ofSeconds(1))
                                        .withRateWindow(Duration.ofSeconds(1)));
        server =
                new MediaServer(
                        folder,
                        options -> options.withMedia(MediaOptions.DEFAULT.withFetch(fetch)));
        secret = RawMediaServer.secret("127.0.0.2");
        host = new RawMediaServer("127.0.0.1", HostileHostsTest::answer);
    }

    @AfterAll
    static void stop() {
        secret.close();
        host.close();
        server.close();
    }

    @AfterEach
    void a_good_picture_works_after_it_and_no_file_is_left() {
        assertEquals(0, secret.numConnections());
        server.assertGoodPictureWorks();
        assertEquals(List.of(), server.leftFiles());
    }

    private static void answer(String path, OutputStream out)
            throws IOException, InterruptedException {
        switch (path) {
            case "/good" -> {
                RawMediaServer.say(out, OK + "Content-Type: text/html\r\n\r\n");
                out.write(TestPictures.bytes("rgb.png"));
            }
            case "/page" ->
                    RawMediaServer.say(
                            out, OK + "Content-Type: image/png\r\n\r\n<!DOCTYPE html><h1>404</h1>");
            case "/private" -> redirect(out, secret.address("/"));
            case "/private-short" -> redirect(out, "http://127.2:" + secret.port());
            case "/file" -> redirect(out, "file:///etc/passwd");
            case "/loop" -> redirect(out, "/loop");
            case "/204" -> RawMediaServer.say(out, "HTTP/1.1 204 No Content\r\n\r\n");
            case "/404" ->
                    RawMediaServer.say(out, "HTTP/1.1 404 Go away\r\nContent-Length: 0\r\n\r\n");
            case "/500" -> RawMediaServer.say(out, "HTTP/1.1 500 Own goal\r\n\r\njava.lang.Error");
            case "/lying" -> RawMediaServer.say(out, OK + "Content-Length: 1000\r\n\r\nfew");
            case "/announced" ->
                    RawMediaServer.say(out, OK + "Content-Length: 99999999999\r\n\r\nfew");
            case "/chunked" ->
                    endless(out, "Transfer-Encoding: chunked\r\n\r\n", "fff\r\n", "\r\n");
            case "/endless" -> endless(out, "\r\n", "", "");
            case "/empty" -> RawMediaServer.say(out, OK + "Content-Length: 0\r\n\r\n");
            case "/gzip" ->
                    RawMediaServer.say(out, OK + "Content-Encoding: gzip\r\n\r\n\u001f\u008b");
            case "/drip" -> {
                RawMediaServer.say(out, OK + "\r\n");
                while (true) {
                    RawMediaServer.say(out, "a");
                    Thread.sleep(100);
                }
            }
            case "/silent" -> Thread.sleep(Duration.ofMinutes(1));
            default -> RawMediaServer.say(out, "SSH-2.0-OpenSSH_9.2\r\n");
        }
    }

    private static void redirect(OutputStream out, String to) throws IOException {
        RawMediaServer.say(
                out, "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n");
    }

    private static void endless(OutputStream out, String head, String before, String after)
            throws IOException {
        RawMediaServer.say(out, OK + head);
        String piece = before + "a".repeat(0xfff) + after;
        while (true) {
            RawMediaServer.say(out, piece);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/private, 403, forbidden_address",
        "/private-short, 403, forbidden_address",
        "/file, 403, forbidden_address",
        "/loop, 422, media_unavailable",
        "/204, 422, media_unavailable",
        "/404, 422, media_unavailable",
        "/500, 422, media_unavailable",
        "/lying, 422, media_unavailable",
        "/announced, 413, media_too_large",
        "/empty, 422, media_unavailable",
        "/gzip, 422, media_unavailable",
        "/drip, 422, media_unavailable",
        "/silent, 422, media_unavailable",
        "/ssh, 422, media_unavailable",
        "/page, 422, unsupported_media"
    })
    void a_host_that_behaves_badly_is_told_of_in_our_own_words(
            String path, int status, String code) {
        for (MediaPlace place :
                new MediaPlace[] {
                    MediaPlace.CHAT_IMAGE,
                    MediaPlace.RESPONSES_VIDEO,
                    MediaPlace.MESSAGES_FILE,
                    MediaPlace.VQA_IMAGE,
                    MediaPlace.OCR
                }) {
            server.assertRefused(place, host.address(path), status, code);
        }
    }

    @ParameterizedTest
    @CsvSource({"/chunked", "/endless"})
    void what_never_ends_is_cut_off_at_the_limit_of_its_kind(String path) {
        for (MediaPlace place : new MediaPlace[] {MediaPlace.CHAT_IMAGE, MediaPlace.OCR}) {
            server.assertRefused(place, host.address(path), 413, "media_too_large");
        }
    }

    @ParameterizedTest
    @CsvSource({"CHAT_IMAGE", "CHAT_FILE", "RESPONSES_IMAGE", "MESSAGES_IMAGE", "VQA_IMAGE", "OCR"})
    void a_good_host_is_fetched_from_whatever_it_calls_the_type(MediaPlace place) {
        server.assertAnswered(place, host.address("/good"));
    }
}
