package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.runtime.fetch.AddressRange;
import io.moonglass.runtime.fetch.FetchOptions;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.vision.video.TestClips;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A client that leaves while its media are fetched or decoded frees everything at once.
class LeavingMediaClientsTest {

    /// What no step of these takes.
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir static Path folder;
    private static MediaServer server;
    private static RawMediaServer host;

    @BeforeAll
    static void start() throws IOException {
        FetchOptions fetch =
                FetchOptions.DEFAULT
                        .withAllowHttp(true)
                        .withAllowedNetworks(List.of(AddressRange.parse("127.0.0.1/32")));
        server =
                new MediaServer(
                        folder,
                        options -> options.withMedia(MediaOptions.DEFAULT.withFetch(fetch)));
        host = new RawMediaServer("127.0.0.1", LeavingMediaClientsTest::trickle);
    }

    @AfterAll
    static void stop() {
        host.close();
        server.close();
    }

    @AfterEach
    void a_good_picture_works_after_it_and_no_file_is_left() throws InterruptedException {
        await(() -> server.leftFiles().isEmpty());
        assertEquals(0, metric("moonglass_media_workers_busy"));
        assertEquals(0, metric("moonglass_requests_running"));
        server.assertGoodPictureWorks();
    }

    /// As slow as is allowed, and without end.
    private static void trickle(String path, OutputStream out)
            throws IOException, InterruptedException {
        RawMediaServer.say(out, "HTTP/1.1 200 OK\r\n\r\n");
        while (true) {
            RawMediaServer.say(out, "a".repeat(2_000));
            Thread.sleep(50);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = MediaPlace.class,
            names = {
                "CHAT_IMAGE",
                "CHAT_VIDEO",
                "RESPONSES_FILE",
                "MESSAGES_IMAGE",
                "VQA_VIDEO",
                "OCR"
            })
    void who_leaves_while_media_are_fetched_ends_the_fetching(MediaPlace place) throws Exception {
        int connections = host.numConnections();
        int given = host.numLeft();
        double cancelled = metric("moonglass_cancellations_total", "stage=\"download\"");
        try (Socket client = sent(place, host.address("/a"), "")) {
            await(() -> host.numConnections() == connections + 1);
        }
        await(() -> host.numLeft() == given + 1);
        await(() -> metric("moonglass_cancellations_total", "stage=\"download\"") == cancelled + 1);
    }

    @Test
    void who_leaves_while_a_video_is_decoded_ends_the_decoding() throws Exception {
        TestClips.needFfmpeg();
        Path clip =
                TestClips.make(
                        folder.resolve("clip.mp4"),
                        "-f",
                        "lavfi",
                        "-i",
                        "testsrc2=s=1280x720:r=25:d=40",
                        "-c:v",
                        "libx264",
                        "-preset",
                        "ultrafast",
                        "-g",
                        "10000",
                        "-pix_fmt",
                        "yuv420p");
        byte[] video = Files.readAllBytes(clip);
        Files.delete(clip);
        double decoded = metric("moonglass_decoded_pictures_total");
        double cancelled = cancelledPictures();
        try (Socket client =
                sent(MediaPlace.CHAT_VIDEO, MediaServer.dataUri("video/mp4", video), "\"fps\":1")) {
            await(() -> metric("moonglass_decoded_pictures_total") > decoded);
            assertTrue(!server.leftFiles().isEmpty());
        }
        await(() -> cancelledPictures() > cancelled);
        await(() -> metric("moonglass_media_workers_busy") == 0);
    }

    private static double cancelledPictures() {
        return metric("moonglass_cancellations_total", "stage=\"picture_decode\"")
                + metric("moonglass_cancellations_total", "stage=\"picture_encode\"");
    }

    /// A connection over which the request went.
    private static Socket sent(MediaPlace place, String url, String more) throws IOException {
        byte[] body = place.body(url, more).getBytes(StandardCharsets.UTF_8);
        Socket client = new Socket(InetAddress.getLoopbackAddress(), server.http().port());
        OutputStream out = client.getOutputStream();
        out.write(
                "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                        .formatted(place.path(), body.length)
                        .getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.flush();
        return client;
    }

    private static double metric(String name, String... labels) {
        String text = server.http().send("GET", "/metrics", "", new byte[0]).answerText();
        return text.lines()
                .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                .filter(line -> List.of(labels).stream().allMatch(line::contains))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "it never came to that");
            Thread.sleep(20);
        }
    }
}
