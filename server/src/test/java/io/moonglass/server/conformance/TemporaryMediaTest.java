package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.fetch.AddressRange;
import io.moonglass.runtime.fetch.FetchOptions;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.vision.animation.GifWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The files that media are kept in while their request is answered.
class TemporaryMediaTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir Path folder;
    private final CountDownLatch rest = new CountDownLatch(1);

    @Test
    void two_models_that_share_a_folder_leave_each_others_files_alone() throws Exception {
        try (RawMediaServer host = new RawMediaServer("127.0.0.1", this::inTwoParts);
                MediaServer first = new MediaServer(folder, TemporaryMediaTest::fetching)) {
            FutureTask<RecordedExchange> asked =
                    new FutureTask<>(
                            () -> first.ask(MediaPlace.CHAT_VIDEO, host.address("/a.gif"), ""));
            Thread.ofVirtual().start(asked);
            Path file = awaitFile(first);
            assertEquals("rw-------", permissions(file));
            assertEquals("rwx------", permissions(file.getParent()));
            // old enough to look like what a killed process left
            Files.setLastModifiedTime(
                    file.getParent(), FileTime.from(Instant.now().minus(Duration.ofHours(1))));

            try (MediaServer second = new MediaServer(folder)) {
                second.assertAnswered(
                        MediaPlace.CHAT_VIDEO, MediaServer.dataUri("image/gif", gif()));
                assertEquals(List.of(file), second.leftFiles());
            }
            assertEquals(List.of(file), first.leftFiles());
            rest.countDown();
            assertEquals(200, asked.get().status());
            assertEquals(List.of(), first.leftFiles());
        }
        try (var left = Files.list(folder)) {
            assertEquals(List.of(), left.toList());
        }
    }

    private static ChatModelOptions fetching(ChatModelOptions options) {
        FetchOptions fetch =
                FetchOptions.DEFAULT
                        .withAllowHttp(true)
                        .withAllowedNetworks(List.of(AddressRange.parse("127.0.0.1/32")));
        return options.withMedia(MediaOptions.DEFAULT.withFetch(fetch));
    }

    private void inTwoParts(String path, OutputStream out)
            throws IOException, InterruptedException {
        byte[] gif = gif();
        RawMediaServer.say(out, "HTTP/1.1 200 OK\r\n\r\n");
        out.write(gif, 0, 20);
        out.flush();
        rest.await();
        out.write(gif, 20, gif.length - 20);
    }

    private static byte[] gif() {
        return new GifWriter(30, 30)
                .frame(0, 0, "AB/CD", 1, 50)
                .frame(5, 5, "AB/CD", 1, 50)
                .bytes();
    }

    private static Path awaitFile(MediaServer server) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (server.leftFiles().isEmpty()) {
            assertTrue(System.nanoTime() < end, "no file was made");
            Thread.sleep(20);
        }
        return server.leftFiles().getFirst();
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
