package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.vision.image.TestPictures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `data:` and other addresses that may be hostile, wherever a request can have one, with the server's default
/// settings. A host on this machine must see nobody.
class HostileAddressesTest {

    private static final byte[] PNG = TestPictures.bytes("rgb.png");
    private static final String DIGITS = Base64.getEncoder().encodeToString(PNG);
    private static final int MIB = 1 << 20;

    @TempDir static Path folder;
    private static MediaServer server;
    private static RawMediaServer secret;

    @BeforeAll
    static void start() throws IOException {
        server = new MediaServer(folder);
        secret = RawMediaServer.secret("127.0.0.1");
    }

    @AfterAll
    static void stop() {
        assertEquals(0, secret.numConnections());
        secret.close();
        server.close();
    }

    @AfterEach
    void a_good_picture_works_after_it_and_no_file_is_left() {
        assertEquals(0, secret.numConnections());
        server.assertGoodPictureWorks();
        assertEquals(List.of(), server.leftFiles());
    }

    private static Stream<Arguments> dataOfPictures() {
        String urlSafe = Base64.getUrlEncoder().withoutPadding().encodeToString(PNG);
        return Stream.of(
                Arguments.of("as it should be", "data:image/png;base64," + DIGITS),
                Arguments.of(
                        "percent-encoded",
                        "data:image/png;base64,"
                                + DIGITS.replace("+", "%2B")
                                        .replace("/", "%2f")
                                        .replace("=", "%3D")),
                Arguments.of("URL-safe alphabet", "data:image/png;base64," + urlSafe),
                Arguments.of(
                        "white space",
                        "data:image/png;base64, \r\n\t" + DIGITS.replaceAll("(.{20})", "$1\r\n ")),
                Arguments.of("no padding", "data:image/png;base64," + DIGITS.replaceAll("=+$", "")),
                Arguments.of("unknown type", "data:application/x-unknown;base64," + DIGITS),
                Arguments.of("no type", "data:;base64," + DIGITS),
                Arguments.of("large letters", "DATA:IMAGE/PNG;BASE64," + DIGITS),
                Arguments.of(
                        "parameters", "data:image/png;name=a.png;charset=utf-8;base64," + DIGITS));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dataOfPictures")
    void a_picture_is_found_in_every_way_that_data_addresses_are_written(String name, String url) {
        for (MediaPlace place : MediaPlace.values()) {
            server.assertAnswered(place, url);
        }
    }

    private static Stream<Arguments> badData() {
        return Stream.of(
                Arguments.of("no comma", "data:image/png;base64" + DIGITS),
                Arguments.of("nothing but the scheme", "data:"),
                Arguments.of("no base64", "data:image/png," + DIGITS),
                Arguments.of("percent-encoded bytes", "data:image/png,%89PNG%0D%0A%1A%0A"),
                Arguments.of("too much padding", "data:image/png;base64," + DIGITS + "===="),
                Arguments.of("padding in the middle", "data:image/png;base64,AA==AAAA"),
                Arguments.of("one digit too few", "data:image/png;base64,AAAAA"),
                Arguments.of("empty", "data:image/png;base64,"),
                Arguments.of("only white space", "data:image/png;base64, \r\n"),
                Arguments.of("only padding", "data:image/png;base64,=="),
                Arguments.of("no digits", "data:image/png;base64,****"),
                Arguments.of("digits of another script", "data:image/png;base64,١٢٣٤"),
                Arguments.of("half a percent", "data:image/png;base64,AAA%"),
                Arguments.of("no percent", "data:image/png;base64,AAA%zz"),
                Arguments.of("a null character", "data:image/png;base64,AAA\u0000"),
                Arguments.of("half an emoji", "data:image/png;base64,AAA\ud83d"),
                Arguments.of(
                        "a type without end", "data:" + "a".repeat(100_000) + ";base64," + DIGITS));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badData")
    void a_data_address_that_holds_nothing_to_read_is_refused_by_the_name_of_its_field(
            String name, String url) {
        for (MediaPlace place : MediaPlace.values()) {
            server.assertRefused(place, url, 400, "invalid_value");
        }
    }

    @ParameterizedTest
    @EnumSource(MediaPlace.class)
    void a_data_address_of_a_hundred_megabytes_is_more_than_a_body_may_have(MediaPlace place) {
        String url = "data:image/png;base64," + "A".repeat(100 * MIB / 3 * 4);
        server.assertRefused(place, url, "", 413, "request_too_large", null);
    }

    @ParameterizedTest
    @EnumSource(MediaPlace.class)
    void a_picture_over_the_limit_of_pictures_is_refused_wherever_it_stands(MediaPlace place) {
        byte[] large = new byte[21 * MIB];
        System.arraycopy(PNG, 0, large, 0, PNG.length);
        server.assertRefused(place, MediaServer.dataUri(large), 413, "media_too_large");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://127.0.0.1:PORT/",
                "https://localhost:PORT/",
                "https://LOCALHOST.:PORT/",
                "https://[::1]:PORT/",
                "https://[::]:PORT/",
                "https://0.0.0.0:PORT/",
                "https://[::ffff:127.0.0.1]:PORT/",
                "https://[::ffff:7f00:1]:PORT/",
                "https://[::127.0.0.1]:PORT/",
                "https://[64:ff9b::127.0.0.1]:PORT/",
                "https://[2002:7f00:1::]:PORT/",
                "https://[::ffff:169.254.169.254]/latest/meta-data/",
                "https://169.254.169.254/latest/meta-data/",
                "https://[fd00:ec2::254]/",
                "https://[fe80::1]/",
                "https://10.0.0.1/",
                "https://172.16.0.1/",
                "https://192.168.0.1/",
                "https://100.64.0.1/",
                "https://224.0.0.1/",
                "https://255.255.255.255/",
                "https://127.0.0.1:PORT/#@example.com/",
                "https://127.0.0.1:PORT/?@example.com/",
                "https://127.0.0.1:PORT#.example.com/",
                "https://127.0.0.1:PORT?.example.com/"
            })
    void what_is_not_public_is_forbidden_wherever_it_stands(String pattern) {
        String url = at(pattern);
        for (MediaPlace place : MediaPlace.values()) {
            server.assertRefused(place, url, 403, "forbidden_address");
        }
    }

    private static String at(String pattern) {
        return pattern.replace("PORT", String.valueOf(secret.port()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:PORT/",
                "http://127.1:PORT/",
                "http://localhost:PORT/",
                "https://127.1:PORT/",
                "https://127.0.1:PORT/",
                "https://2130706433:PORT/",
                "https://0177.0.0.1:PORT/",
                "https://017700000001:PORT/",
                "https://0x7f.0.0.1:PORT/",
                "https://0x7f000001:PORT/",
                "https://127.0.0.0x1:PORT/",
                "https://[::1%25lo]:PORT/",
                "https://[::1%lo]:PORT/",
                "https://[fe80::1%eth0]/",
                "https://[::ffff:127.1]:PORT/",
                "https://example.com\\@127.0.0.1:PORT/",
                "https:\\\\127.0.0.1:PORT/",
                "https://127.0.0.1:PORT\\.example.com/",
                "https://user@127.0.0.1:PORT/",
                "https://user:password@127.0.0.1:PORT/",
                "https://example.com@127.0.0.1:PORT/",
                "https://example.com:443@127.0.0.1:PORT/",
                "https://example.com%40127.0.0.1:PORT/",
                "https://@127.0.0.1:PORT/",
                "https://１２７.0.0.1:PORT/",
                "https://127。0。0。1:PORT/",
                "https://bücher.example/",
                "https://127.0.0.1:PORT/\r\nHost: example.com",
                "https://127.0.0.1:PORT\r\n.example.com/",
                " https://127.0.0.1:PORT/",
                "https://127.0.0.1:PORT/ ",
                "https://127.0.0.1:PORT/\u0000",
                "https://127.0.0.1:PORT/\ud800",
                "https://127.0.0.1:0/",
                "https://127.0.0.1:65536/",
                "https://127.0.0.1:-1/",
                "https:127.0.0.1:PORT",
                "https:/127.0.0.1:PORT/",
                "https:///127.0.0.1:PORT/",
                "https://",
                "gopher://127.0.0.1:PORT/",
                "ftp://127.0.0.1:PORT/a.png",
                "ws://127.0.0.1:PORT/",
                "jar:https://127.0.0.1:PORT/a.jar!/b",
                "jar:file:///etc/passwd!/b",
                "file:///etc/passwd",
                "FILE:///etc/passwd",
                "file:/etc/passwd",
                "file:etc/passwd",
                "file://127.0.0.1/etc/passwd",
                "concat:https://127.0.0.1:PORT/a|/etc/passwd",
                "subfile,,start,0,end,9,,:/etc/passwd",
                "pipe:0",
                "fd:0",
                "view-source:https://127.0.0.1:PORT/",
                "//127.0.0.1:PORT/",
                "127.0.0.1:PORT",
                "/etc/passwd",
                "../../etc/passwd",
                "picture.png",
                ""
            })
    void what_is_no_address_that_is_taken_is_refused_wherever_it_stands(String pattern) {
        String url = at(pattern);
        for (MediaPlace place : MediaPlace.values()) {
            server.assertRefused(place, url, 400, "invalid_value");
        }
    }

    @ParameterizedTest
    @EnumSource(MediaPlace.class)
    void an_endless_address_is_refused_and_not_repeated(MediaPlace place) {
        String url = "https://example.com/" + "a".repeat(1_000_000);
        String said = server.assertRefused(place, url, "", 400, "invalid_value", place.param());
        assertTrue(said.length() < 300, said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"frames", "video"})
    void frames_are_judged_one_by_one(String way) {
        String good = MediaServer.dataUri(PNG);
        for (String bad : List.of(at("https://127.0.0.1:PORT/"), "https://127.1/", "data:,")) {
            String frames = "[\"%s\",\"%s\"]".formatted(good, bad);
            String part =
                    way.equals("frames")
                            ? "{\"type\":\"video_url\",\"video_url\":{\"frames\":%s}}"
                            : "{\"type\":\"video\",\"video\":%s}";
            RecordedExchange exchange =
                    server.http()
                            .post(
                                    "/v1/chat/completions",
                                    "{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[%s]}]}"
                                            .formatted(part.formatted(frames)));

            assertTrue(List.of(400, 403).contains(exchange.status()), exchange::toString);
            String where =
                    "messages[0].content[0]."
                            + (way.equals("frames") ? "video_url.frames" : "video")
                            + "[1]";
            assertEquals(where, MediaServer.json(exchange).at("/error/param").textValue());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "#EXTM3U\n#EXTINF:1,\nURL\n",
                "ffconcat version 1.0\nfile URL\n",
                "v=0\nURL"
            })
    void a_list_of_other_files_is_no_video(String content) {
        String list = content.replace("URL", at("http://127.0.0.1:PORT/"));
        byte[] bytes = list.getBytes(StandardCharsets.UTF_8);
        for (MediaPlace place : MediaPlace.values()) {
            server.assertRefused(
                    place, MediaServer.dataUri("video/mp4", bytes), 422, "unsupported_media");
        }
    }
}
