package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.vision.animation.GifWriter;
import io.moonglass.vision.document.PdfFiles;
import io.moonglass.vision.image.Bombs;
import io.moonglass.vision.image.TestPictures;
import io.moonglass.vision.video.TestClips;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.common.PDStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// What bombs, and the largest media that are allowed, cost the whole server with its default settings, one after
/// another. The table goes to `target/bombs.md`.
@TestMethodOrder(MethodOrderer.MethodName.class)
class MediaMemoryTest {

    private static final int MIB = 1 << 20;
    private static final long GIB = 1L << 30;

    /// The largest square that a picture may be.
    private static final int SIDE = 8_000;

    /// Of the heap, garbage that nobody had to collect yet included.
    private static final long MOST_HEAP_BYTES = 1_536L * MIB;

    /// Of resident memory more than before: the heap, native decoders' pictures, and what allocators keep.
    private static final long MOST_GROWTH_BYTES = 1_536L * MIB;

    /// A process that decodes may allocate 1 GiB.
    private static final long MOST_WORKER_BYTES = 1_024L * MIB;

    @TempDir static Path folder;
    @TempDir static Path bodies;
    private static final List<String> ROWS = new ArrayList<>();
    private static MediaServer server;
    private static HttpClient http;

    @BeforeAll
    static void start() {
        server = new MediaServer(folder);
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        server.assertGoodPictureWorks();
    }

    @AfterAll
    static void stop() throws IOException {
        http.close();
        server.close();
        List<String> lines =
                new ArrayList<>(
                        List.of(
                                "| what was sent | as | body, MiB | status | heap's peak, MiB | more resident, MiB | largest process that decodes, MiB | seconds |",
                                "|---|---|---:|---:|---:|---:|---:|---:|"));
        lines.addAll(ROWS);
        Files.write(Path.of("target", "bombs.md"), lines);
    }

    @Test
    void deflate_bombs() throws IOException {
        picture("PNG of zeros, 64 megapixels, RGB", Bombs.png(SIDE, SIDE, 8, 2), 200);
        picture("PNG of zeros, 64 megapixels, 16-bit RGBA", Bombs.png(SIDE, SIDE, 16, 6), 200);
        picture("PNG of zeros, 64 megapixels, 1 bit", Bombs.png(SIDE, SIDE, 1, 0), 200);
        picture("PNG of zeros, one column too many", Bombs.png(SIDE + 1, SIDE, 1, 0), 413);
        picture("PNG, 1 GiB behind the last pixel", Bombs.png(1, 1, 8, 2, GIB), 200);
        picture("PNG, 1 MiB of the 192 declared", Bombs.png(SIDE, SIDE, 8, 2, MIB), 422);
    }

    @Test
    void text_and_profiles() throws IOException {
        byte[] png = TestPictures.bytes("rgb.png");
        byte[] zeros = Bombs.zeros(GIB);
        byte[] keyed = new byte[zeros.length + 3];
        keyed[0] = 'k';
        System.arraycopy(zeros, 0, keyed, 3, zeros.length);
        picture("PNG, compressed text of 1 GiB", Bombs.withChunk(png, "zTXt", keyed), 200);
        picture("PNG, profile of 1 GiB", Bombs.withChunk(png, "iCCP", keyed), 200);
        picture("PNG, 19 MiB of text", Bombs.withChunk(png, "tEXt", new byte[19 * MIB]), 200);
    }

    @Test
    void gifs() throws IOException {
        GifWriter writer = new GifWriter(1, 1);
        for (int i = 0; i < 100_000; i++) {
            writer.frame(0, 0, "A", 1, 5);
        }
        byte[] many = writer.bytes();
        picture("GIF of 100,000 frames", many, 200);
        ask("GIF of 100,000 frames", MediaPlace.CHAT_VIDEO, many, "", 413);
        picture("GIF of 16 megapixels", Bombs.gif(4_000, 4_000), 200);
        GifWriter large = new GifWriter(4_000, 4_000);
        for (int i = 0; i < 2_000; i++) {
            large.frame(i, i, "AB/CD", i % 4, 5);
        }
        ask("GIF of 2,000 frames on 16 megapixels", MediaPlace.CHAT_VIDEO, large.bytes(), "", 200);
    }

    @Test
    void large_jpegs() throws IOException {
        byte[] jpeg = jpeg(4_000, 4_000);
        assertTrue(jpeg.length > 15 * MIB && jpeg.length < 20 * MIB, () -> jpeg.length + " bytes");
        picture("JPEG of noise, 16 megapixels", jpeg, 200);
        byte[] over = new byte[21 * MIB];
        System.arraycopy(jpeg, 0, over, 0, jpeg.length);
        picture("JPEG over 20 MiB", over, 413);
    }

    @Test
    void bodies_that_are_too_large() throws IOException {
        String url = "data:image/png;base64," + "A".repeat(100 * MIB / 3 * 4);
        Path body = bodies.resolve("hundred.json");
        Files.writeString(body, MediaPlace.CHAT_IMAGE.body(url));
        send("data address of 100 MiB", MediaPlace.CHAT_IMAGE, body, "", 413);
        Path bomb = bodies.resolve("bomb.gz");
        try (GZIPOutputStream gzip = new GZIPOutputStream(Files.newOutputStream(bomb))) {
            byte[] zeros = new byte[MIB];
            for (int i = 0; i < 1_024; i++) {
                gzip.write(zeros);
            }
        }
        send("gzip of 1 GiB as the body", MediaPlace.CHAT_IMAGE, bomb, "gzip", 415);
    }

    @Test
    void lists_of_frames() throws IOException {
        String frame = "\"" + MediaServer.dataUri(Bombs.png(1_000, 1_000, 8, 2)) + "\"";
        String frames = "[" + (frame + ",").repeat(511) + frame + "]";
        Path body = bodies.resolve("frames.json");
        Files.writeString(
                body,
                "{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"video\",\"video\":%s}]}]}"
                        .formatted(frames));
        send("list of 512 frames of a megapixel", MediaPlace.CHAT_VIDEO, body, "", 200);
    }

    @Test
    void videos() throws IOException {
        TestClips.needFfmpeg();
        byte[] clip = clip("hd.mp4", "testsrc2=s=1280x720:r=30:d=60", "libx264");
        ask("video of 60 s, 1280 x 720", MediaPlace.CHAT_VIDEO, clip, "", 200);
        ask(
                "the same, 128 frames",
                MediaPlace.CHAT_VIDEO,
                clip,
                "\"fps\":2.2,\"max_frames\":128",
                200);
        ask(
                "the same, 512 frames wanted",
                MediaPlace.CHAT_VIDEO,
                clip,
                "\"fps\":30,\"max_frames\":512",
                200);
        byte[] large = clip("large.mp4", "color=red:s=4096x2304:r=5:d=10", "libx264");
        ask("video of 10 s, 4096 x 2304", MediaPlace.CHAT_VIDEO, large, "", 200);
        byte[] many = clip("many.mp4", "color=red:s=16x16:r=1000:d=100", "libx264");
        ask("video of 100,000 frames", MediaPlace.CHAT_VIDEO, many, "", 200);
    }

    private static byte[] clip(String name, String source, String encoder) throws IOException {
        Path file = bodies.resolve(name);
        TestClips.make(
                file,
                "-f",
                "lavfi",
                "-i",
                source,
                "-c:v",
                encoder,
                "-preset",
                "veryfast",
                "-crf",
                "30",
                "-pix_fmt",
                "yuv420p");
        return Files.readAllBytes(file);
    }

    @Test
    void documents() throws IOException {
        Path file = bodies.resolve("bomb.pdf");
        PdfFiles.written(
                file,
                document -> {
                    PDPage page = PdfFiles.addPage(document, 200, 100, PdfFiles.CORNERS);
                    COSStream bomb = PdfFiles.bomb(document, GIB);
                    page.setContents(new PDStream(bomb));
                });
        ask("PDF, content of 1 GiB", MediaPlace.CHAT_FILE, Files.readAllBytes(file), "", 0);
        ask("PDF, content of 1 GiB", MediaPlace.OCR, Files.readAllBytes(file), "", 0);
    }

    private static byte[] jpeg(int width, int height) throws IOException {
        BufferedImage noise = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(3);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                noise.setRGB(x, y, random.nextInt());
            }
        }
        Iterator<ImageWriter> writers = ImageIO.getImageWritersByFormatName("jpeg");
        ImageWriter writer = writers.next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageWriteParam quality = writer.getDefaultWriteParam();
        quality.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        quality.setCompressionQuality(0.95f);
        try (var stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(noise, null, null), quality);
        }
        writer.dispose();
        return out.toByteArray();
    }

    private static void picture(String what, byte[] bytes, int status) throws IOException {
        ask(what, MediaPlace.CHAT_IMAGE, bytes, "", status);
    }

    private static void ask(String what, MediaPlace place, byte[] bytes, String more, int status)
            throws IOException {
        Path body = bodies.resolve("body.json");
        Files.writeString(body, place.body(MediaServer.dataUri(bytes), more));
        send(what, place, body, "", status);
    }

    /// The body comes from a file, so that this side of the connection needs little memory.
    ///
    /// @param encoding of the body; empty for none
    private static void send(String what, MediaPlace place, Path body, String encoding, int status)
            throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(
                                URI.create(
                                        "http://127.0.0.1:%d%s"
                                                .formatted(server.http().port(), place.path())))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofFile(body));
        if (!encoding.isEmpty()) {
            request.header("Content-Encoding", encoding);
        }
        long numBytes = Files.size(body);
        settle();
        long resident = status("self", "VmRSS");
        long begin = System.nanoTime();
        HttpResponse<String> response;
        try {
            response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        double seconds = (System.nanoTime() - begin) * 1e-9;
        long heap = heapPools().stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
        long growth = Math.max(0, status("self", "VmHWM") - resident);
        long worker = largestWorker();
        Files.delete(body);
        ROWS.add(
                "| %s | %s | %.1f | %d | %,d | %,d | %,d | %.1f |"
                        .formatted(
                                what,
                                place.path(),
                                numBytes / (double) MIB,
                                response.statusCode(),
                                heap / MIB,
                                growth / MIB,
                                worker / MIB,
                                seconds));
        String row = ROWS.getLast();
        if (status > 0) {
            assertEquals(status, response.statusCode(), () -> row + response.body());
        }
        assertTrue(response.statusCode() < 500, () -> row + response.body());
        assertTrue(heap <= MOST_HEAP_BYTES, row);
        assertTrue(growth <= MOST_GROWTH_BYTES, row);
        assertTrue(worker <= MOST_WORKER_BYTES, row);
        server.assertGoodPictureWorks();
        assertEquals(List.of(), server.leftFiles());
    }

    private static List<MemoryPoolMXBean> heapPools() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
    }

    /// Peaks are measured from here on; Linux does so for the process if it is asked.
    private static void settle() {
        System.gc();
        LockSupport.parkNanos(300_000_000); // the heap gives memory back a little later
        heapPools().forEach(MemoryPoolMXBean::resetPeakUsage);
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5");
        } catch (IOException e) {
            // the heap is measured all the same
        }
    }

    private static long largestWorker() {
        return ProcessHandle.current()
                .children()
                .mapToLong(child -> status(String.valueOf(child.pid()), "VmHWM"))
                .max()
                .orElse(0);
    }

    /// @return bytes; 0 where there is no such process, or no Linux
    private static long status(String process, String key) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", process, "status"))) {
                if (line.startsWith(key + ":")) {
                    return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
        return 0;
    }
}
