package io.moonglass.vision.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.animation.Animation;
import io.moonglass.vision.animation.GifWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Small files that want much. What a picture may cost follows from the pixels that its header declares, which are
/// limited, and from its bytes, which are limited too; the ratio of the two does not matter. What was measured is
/// written to `target/bombs.md`.
class BombTest {

    /// The largest square within the default limit.
    private static final int SIDE = 8000;

    private static final int MIB = 1 << 20;
    private static final Path REPORT = Path.of("target", "bombs.md");
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final List<String> ROWS = new ArrayList<>();

    @BeforeAll
    static void load_native_code() {
        UprightPictureTest.upright(TestPictures.bytes("rgb.png")).decode();
    }

    @AfterEach
    void a_good_picture_still_works() {
        assertEquals(
                29, UprightPictureTest.upright(TestPictures.bytes("rgb.png")).decode().width());
    }

    @AfterAll
    static void write() throws IOException {
        List<String> lines =
                new ArrayList<>(
                        List.of(
                                "| kind | bytes sent | pixels declared | allocated on the heap, MiB | peak resident growth, MiB | seconds | what was said |",
                                "|---|---:|---:|---:|---:|---:|---|"));
        lines.addAll(ROWS);
        Files.write(REPORT, lines);
    }

    @Test
    void deflate_bombs_cost_what_their_pixels_cost() {
        long pixels = (long) SIDE * SIDE;
        decoded("PNG of zeros, RGB", Bombs.png(SIDE, SIDE, 8, 2), pixels);
        decoded("PNG of zeros, 16-bit RGBA", Bombs.png(SIDE, SIDE, 16, 6), pixels);
        decoded("PNG of zeros, 1-bit", Bombs.png(SIDE, SIDE, 1, 0), pixels);
        decoded("PNG of zeros, palette", Bombs.png(SIDE, SIDE, 8, 3), pixels);
        refused("PNG of zeros, too large", Bombs.png(SIDE + 1, SIDE, 1, 0), pixels + SIDE);
    }

    @Test
    void data_behind_the_last_pixel_is_not_inflated() {
        decoded("PNG, 1 GiB behind the last pixel", Bombs.png(1, 1, 8, 2, 1L << 30), 1);
    }

    @Test
    void a_png_that_declares_more_than_it_holds_is_refused() {
        refused("PNG of a few rows", Bombs.png(SIDE, SIDE, 8, 2, 1 << 20), (long) SIDE * SIDE);
    }

    @Test
    void text_and_profiles_are_never_inflated() {
        byte[] png = TestPictures.bytes("rgb.png");
        byte[] zeros = Bombs.zeros(1L << 30);
        byte[] keyed = new byte[zeros.length + 3];
        keyed[0] = 'k';
        System.arraycopy(zeros, 0, keyed, 3, zeros.length);
        decoded("PNG, zTXt of 1 GiB", Bombs.withChunk(png, "zTXt", keyed), 29 * 23);
        decoded("PNG, iCCP of 1 GiB", Bombs.withChunk(png, "iCCP", keyed), 29 * 23);
        decoded("PNG, 15 MiB of text", Bombs.withChunk(png, "tEXt", new byte[15 * MIB]), 29 * 23);
        byte[] many = png;
        for (int i = 0; i < 8; i++) {
            byte[] texts = new byte[0];
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (int j = 0; j < 10_000; j++) {
                out.writeBytes(Bombs.chunk("tEXt", texts));
            }
            many = Bombs.withChunk(many, "eXIf", out.toByteArray());
        }
        decoded("PNG, many Exif chunks", many, 29 * 23);
    }

    @Test
    void metadata_of_a_jpeg_cost_no_more_than_their_bytes() {
        byte[] jpeg = TestPictures.bytes("baseline.jpg");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(jpeg, 0, 2);
        byte[] exif =
                Arrays.copyOf(TestPictures.latin1("Exif\0\0II*\0\u0008\0\0\0\u00ff\u00ff"), 65_000);
        for (int i = 0; i < 300; i++) {
            byte[] one = Bombs.withSegment(new byte[] {0, 0}, 0xe1, exif);
            out.write(one, 2, one.length - 2);
        }
        out.write(jpeg, 2, jpeg.length - 2);
        decoded("JPEG, 300 Exif segments", out.toByteArray(), 29 * 23);
    }

    @Test
    void jpegs_of_few_bytes_and_many_pixels_are_bounded() {
        long pixels = (long) SIDE * SIDE;
        decoded("JPEG, baseline, a few blocks", resized("baseline.jpg"), pixels);
        decoded("JPEG, progressive, a few blocks", resized("progressive.jpg"), pixels);
        decoded("JPEG, progressive, whole", progressive(), pixels);
        decoded("JPEG, progressive, 90 empty scans more", scans(), pixels);
    }

    @Test
    void webps_of_few_bytes_and_many_pixels_are_bounded() {
        Mat flat = new Mat(SIDE, SIDE, opencv_core.CV_8UC4, Scalar.all(40));
        byte[] lossless = encoded(".webp", flat, opencv_imgcodecs.IMWRITE_WEBP_QUALITY, 101);
        flat.release();
        decoded("WebP, lossless with alpha, one colour", lossless, (long) SIDE * SIDE);
    }

    @Test
    void gifs_are_bounded() {
        long pixels = (long) SIDE * SIDE;
        refused("GIF of no pixels", emptyGif(), pixels);
        refused("GIF of clear codes", clearCodes(), pixels);
        decoded("GIF of many colours' worth of clear codes", Bombs.gif(4000, 4000), 16_000_000);
    }

    @Test
    void animations_are_counted_before_anything_is_decoded() {
        byte[] gif = manyFrames(100_000);
        decoded("GIF of 100,000 frames, as an image", gif, 1);
        Cost cost =
                cost(
                        "GIF of 100,000 frames, as a video",
                        gif,
                        1,
                        () -> Animation.of(gif, ImageLimits.DEFAULT, 1000));
        assertTrue(cost.said.contains("more than 1,000 frames"), cost.said);
        assertTrue(cost.allocated < 2 * MIB, cost.toString());
    }

    @Test
    void frames_of_an_animation_are_in_memory_one_at_a_time() {
        GifWriter writer = new GifWriter(2000, 2000);
        for (int i = 0; i < 50; i++) {
            writer.frame(i, i, "AB/CD", i % 4, 5);
        }
        byte[] gif = writer.bytes();
        var frames = Animation.of(gif, ImageLimits.DEFAULT, 1000).orElseThrow().frames();
        Cost cost =
                cost(
                        "GIF of 50 small frames on 4 megapixels, skipped",
                        gif,
                        4_000_000,
                        () -> frames.skipTo(49));
        assertTrue(cost.allocated < 2 * MIB, cost.toString());
    }

    @Test
    void what_frames_of_a_png_share_is_short() {
        byte[] png = Bombs.withChunk(TestPictures.bytes("moving.png"), "tRNS", new byte[10 * MIB]);
        Animation moving = Animation.of(png, ImageLimits.DEFAULT, 1000).orElseThrow();
        Cost cost =
                cost(
                        "animated PNG with 10 MiB of transparency",
                        png,
                        29 * 23,
                        () -> moving.frames().skipTo(moving.numFrames() - 1));
        assertTrue(cost.allocated < 2 * MIB, cost.toString());
    }

    private record Cost(String said, long allocated, long resident) {}

    private static void decoded(String kind, byte[] bytes, long pixels) {
        Cost cost = cost(kind, bytes, pixels, () -> UprightPictureTest.upright(bytes).decode());
        assertEquals("decoded", cost.said, kind);
        assertBounded(kind, bytes, pixels, cost);
    }

    private static void refused(String kind, byte[] bytes, long pixels) {
        Cost cost = cost(kind, bytes, pixels, () -> UprightPictureTest.upright(bytes).decode());
        assertTrue(cost.said.contains("image"), cost.said);
        assertBounded(kind, bytes, pixels, cost);
    }

    /// The heap gets the picture, an index per pixel for GIF, and at most three copies of the bytes. Native memory
    /// is up to 9 bytes a pixel: coefficients of a progressive JPEG and the decoded picture.
    private static void assertBounded(String kind, byte[] bytes, long pixels, Cost cost) {
        long heap = 4 * pixels + 3L * bytes.length + 2 * MIB;
        assertTrue(cost.allocated <= heap, kind + ": " + cost + ", the bound is " + heap);
        long all = heap + 9 * pixels + 2L * bytes.length + 64 * MIB;
        assertTrue(cost.resident <= all, kind + ": " + cost + ", the bound is " + all);
    }

    private static Cost cost(String kind, byte[] bytes, long pixels, Runnable work) {
        System.gc();
        LockSupport.parkNanos(200_000_000); // the heap gives memory back a little later
        resetPeak();
        long resident = status("VmRSS");
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        long begin = System.nanoTime();
        String said = "decoded";
        try {
            work.run();
        } catch (InvalidRequestException e) {
            said = e.getMessage();
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        Cost cost =
                new Cost(
                        said,
                        THREADS.getCurrentThreadAllocatedBytes() - allocated,
                        Math.max(status("VmHWM") - resident, 0));
        ROWS.add(
                "| %s | %,d | %,d | %,d | %,d | %.2f | %s |"
                        .formatted(
                                kind,
                                bytes.length,
                                pixels,
                                cost.allocated / MIB,
                                cost.resident / MIB,
                                seconds,
                                said));
        return cost;
    }

    /// Makes the kernel measure the peak of resident memory anew; elsewhere than on Linux it is not measured.
    private static void resetPeak() {
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5");
        } catch (IOException e) {
            // the heap is measured all the same
        }
    }

    private static long status(String key) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith(key + ":")) {
                    return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException e) {
            // not Linux
        }
        return 0;
    }

    private static byte[] resized(String name) {
        byte[] jpeg = TestPictures.bytes(name);
        int at = 0;
        while ((jpeg[at] & 0xff) != 0xff || (jpeg[at + 1] & 0xfd) != 0xc0) {
            at++;
        }
        ByteBuffer.wrap(jpeg).putShort(at + 5, (short) SIDE).putShort(at + 7, (short) SIDE);
        return jpeg;
    }

    private static byte[] scans() {
        byte[] jpeg = resized("progressive.jpg");
        byte[] scan = {(byte) 0xff, (byte) 0xda, 0, 8, 1, 1, 0, 0, 0, 0x10};
        ByteBuffer longer = ByteBuffer.allocate(jpeg.length + 90 * scan.length);
        longer.put(jpeg, 0, jpeg.length - 2);
        for (int i = 0; i < 90; i++) {
            longer.put(scan);
        }
        return longer.put(jpeg, jpeg.length - 2, 2).array();
    }

    private static byte[] progressive() {
        Mat gradient = new Mat(SIDE, SIDE, opencv_core.CV_8UC3);
        byte[] row = new byte[3 * SIDE];
        for (int y = 0; y < SIDE; y++) {
            for (int i = 0; i < row.length; i++) {
                row[i] = (byte) (i / 7 + y / 5);
            }
            gradient.ptr(y).put(row);
        }
        byte[] jpeg = encoded(".jpg", gradient, opencv_imgcodecs.IMWRITE_JPEG_PROGRESSIVE, 1);
        gradient.release();
        return jpeg;
    }

    private static byte[] encoded(String extension, Mat picture, int option, int value) {
        try (BytePointer encoded = new BytePointer();
                IntPointer options = new IntPointer(option, value)) {
            opencv_imgcodecs.imencode(extension, picture, encoded, options);
            byte[] bytes = new byte[(int) encoded.limit()];
            encoded.get(bytes);
            return bytes;
        }
    }

    private static byte[] emptyGif() {
        byte[] header = Bombs.gifHeader(SIDE, SIDE);
        return Arrays.copyOf(header, header.length + 2);
    }

    /// 19 MiB of codes that only clear the table.
    private static byte[] clearCodes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(Bombs.gifHeader(SIDE, SIDE));
        byte[] block = new byte[256];
        byte[] threeBytes = {0x24, 0x49, (byte) 0x92}; // eight times code 4 in three bits
        for (int i = 0; i < 255; i++) {
            block[i + 1] = threeBytes[i % 3];
        }
        block[0] = (byte) 255;
        for (int i = 0; i < 19 * MIB / 256; i++) {
            out.writeBytes(block);
        }
        out.write(0);
        out.write(0x3b);
        return out.toByteArray();
    }

    private static byte[] manyFrames(int count) {
        GifWriter writer = new GifWriter(1, 1);
        for (int i = 0; i < count; i++) {
            writer.frame(0, 0, "A", 1, 5);
        }
        return writer.bytes();
    }
}
