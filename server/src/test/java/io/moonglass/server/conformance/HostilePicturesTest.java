package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.vision.animation.GifWriter;
import io.moonglass.vision.document.PdfFiles;
import io.moonglass.vision.image.Bombs;
import io.moonglass.vision.image.TestPictures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Pictures of odd sizes and kinds, and what only claims to be one, through the whole server with its default settings.
class HostilePicturesTest {

    private static final int SIDE_AT = 16;

    @TempDir static Path folder;
    private static MediaServer server;

    @BeforeAll
    static void start() {
        server = new MediaServer(folder);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void a_good_picture_works_after_it_and_no_file_is_left() {
        server.assertGoodPictureWorks();
        assertEquals(List.of(), server.leftFiles());
    }

    private static Stream<Arguments> sizes() {
        return Stream.of(
                        new int[] {1, 1},
                        new int[] {1, 28},
                        new int[] {28, 1},
                        new int[] {1, 3_000},
                        new int[] {3_000, 1})
                .flatMap(size ->
                        Stream.of(
                                Arguments.of(size[0], size[1], "png"),
                                Arguments.of(size[0], size[1], "gif"),
                                Arguments.of(size[0], size[1], "bmp"),
                                Arguments.of(size[0], size[1], "jpg")));
    }

    @ParameterizedTest(name = "{0} x {1} {2}")
    @MethodSource("sizes")
    void the_smallest_and_thinnest_pictures_are_seen(int width, int height, String format) {
        byte[] picture = blank(format, width, height);
        for (MediaPlace place : MediaPlace.IMAGES) {
            server.assertAnswered(place, MediaServer.dataUri(picture));
        }
        server.assertAnswered(MediaPlace.OCR, MediaServer.dataUri(picture));
    }

    private static byte[] blank(String format, int width, int height) {
        return switch (format) {
            case "png" -> Bombs.png(width, height, 8, 2);
            case "gif" -> Bombs.gif(width, height);
            case "bmp" -> Bombs.bmp(width, height);
            default -> declaring("jpg", width, height);
        };
    }

    /// A small picture whose header declares another size.
    private static byte[] declaring(String format, int width, int height) {
        byte[] bytes;
        switch (format) {
            case "png" -> {
                bytes = TestPictures.bytes("rgb.png");
                ByteBuffer.wrap(bytes).putInt(SIDE_AT, width).putInt(SIDE_AT + 4, height);
                TestPictures.mendChecksums(bytes);
            }
            case "gif" -> {
                bytes = TestPictures.bytes("palette.gif");
                TestPictures.littleEndian(bytes)
                        .putShort(6, (short) width)
                        .putShort(8, (short) height);
            }
            case "bmp" -> {
                bytes = TestPictures.bytes("rgb.bmp");
                TestPictures.littleEndian(bytes).putInt(18, width).putInt(22, height);
            }
            default -> {
                bytes = TestPictures.bytes("baseline.jpg");
                int at = 0;
                while ((bytes[at] & 0xff) != 0xff || (bytes[at + 1] & 0xff) != 0xc0) {
                    at++;
                }
                ByteBuffer.wrap(bytes)
                        .putShort(at + 5, (short) height)
                        .putShort(at + 7, (short) width);
            }
        }
        return bytes;
    }

    @ParameterizedTest(name = "{0} x {1}, {2}")
    @MethodSource("elongated")
    void a_picture_ten_thousand_times_as_long_as_wide_is_told_what_it_is(
            int width, int height, String format) {
        byte[] picture = blank(format, width, height);
        for (MediaPlace place : MediaPlace.IMAGES) {
            server.assertRefused(place, MediaServer.dataUri(picture), 413, "media_too_large");
        }
    }

    private static Stream<Arguments> elongated() {
        return Stream.of("png", "jpg", "gif", "bmp")
                .flatMap(format ->
                        Stream.of(
                                Arguments.of(1, 10_000, format), Arguments.of(10_000, 1, format)));
    }

    private static Stream<Arguments> impossibleSizes() {
        Stream<Arguments> none =
                Stream.of("png", "gif", "bmp", "jpg")
                        .map(format ->
                                Arguments.of(
                                        format + " 0 x 0",
                                        declaring(format, 0, 0),
                                        422,
                                        "invalid_image"));
        Stream<Arguments> large =
                Stream.of("png", "gif", "bmp", "jpg")
                        .map(format ->
                                Arguments.of(
                                        format + " 65,535 x 65,535",
                                        declaring(format, 65_535, 65_535),
                                        413,
                                        "media_too_large"));
        Stream<Arguments> wrapping =
                Stream.of(
                        Arguments.of(
                                "png 2^32-1 x 2^32-1",
                                declaring("png", -1, -1),
                                413,
                                "media_too_large"),
                        Arguments.of(
                                "png 65,536 x 65,536",
                                declaring("png", 1 << 16, 1 << 16),
                                413,
                                "media_too_large"),
                        Arguments.of(
                                "bmp 1 x -2^31",
                                declaring("bmp", 1, Integer.MIN_VALUE),
                                413,
                                "media_too_large"),
                        Arguments.of(
                                "webp 16,383 x 16,383", largestWebp(), 413, "media_too_large"));
        return Stream.of(none, large, wrapping).flatMap(all -> all);
    }

    private static byte[] largestWebp() {
        byte[] lossy = TestPictures.bytes("lossy.webp");
        TestPictures.littleEndian(lossy).putInt(26, 0x3fff3fff);
        return lossy;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("impossibleSizes")
    void a_declared_size_that_cannot_be_is_refused(
            String name, byte[] picture, int status, String code) {
        refusedEverywhere(picture, status, code);
    }

    @ParameterizedTest
    @FieldSource("io.moonglass.vision.image.TestPictures#ALL")
    void every_kind_of_picture_is_seen(String name) {
        String url = MediaServer.dataUri(TestPictures.bytes(name));
        for (MediaPlace place : MediaPlace.IMAGES) {
            server.assertAnswered(place, url);
        }
        server.assertAnswered(MediaPlace.CHAT_FILE, url);
        server.assertAnswered(MediaPlace.OCR, url);
    }

    private static Stream<Arguments> oddPictures() {
        byte[] png = TestPictures.bytes("rgb.png");
        byte[] jpeg = TestPictures.bytes("baseline.jpg");
        Stream<Arguments> turned =
                IntStream.rangeClosed(0, 9)
                        .mapToObj(orientation ->
                                Arguments.of(
                                        "EXIF orientation " + orientation,
                                        Bombs.withSegment(jpeg, 0xe1, exif(orientation))));
        Stream<Arguments> profiles =
                Stream.of(new byte[0], new byte[] {0}, new byte[60_000], new byte[] {'x', 0, 9, 1})
                        .flatMap(profile ->
                                Stream.of(
                                        Arguments.of(
                                                "PNG with a profile of %d bytes"
                                                        .formatted(profile.length),
                                                Bombs.withChunk(png, "iCCP", profile)),
                                        Arguments.of(
                                                "JPEG with a profile of %d bytes"
                                                        .formatted(profile.length),
                                                Bombs.withSegment(jpeg, 0xe2, profile))));
        Stream<Arguments> others =
                Stream.of(
                        Arguments.of(
                                "JPEG with Adobe's marker, RGB",
                                Bombs.withSegment(
                                        jpeg, 0xee, TestPictures.latin1("Adobe\0\144\0\0\0\0\0"))),
                        Arguments.of(
                                "JPEG with Adobe's marker of nonsense",
                                Bombs.withSegment(
                                        jpeg,
                                        0xee,
                                        TestPictures.latin1("Adobe\0\144\0\0\0\0\u00ff"))),
                        Arguments.of("rubbish behind a PNG", joined(png, new byte[100_000])),
                        Arguments.of("rubbish behind a JPEG", joined(jpeg, new byte[100_000])),
                        Arguments.of(
                                "a PNG that is also a page",
                                joined(
                                        png,
                                        TestPictures.latin1("<html><script>1</script></html>"))),
                        Arguments.of(
                                "a GIF that is also a script",
                                joined(
                                        TestPictures.bytes("palette.gif"),
                                        TestPictures.latin1("*/=1;alert(1)"))),
                        Arguments.of(
                                "a JPEG that is also an archive",
                                joined(jpeg, TestPictures.latin1("PK\3\4"))));
        return Stream.of(turned, profiles, others).flatMap(all -> all);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("oddPictures")
    void an_odd_picture_is_seen(String name, byte[] picture) {
        for (MediaPlace place : MediaPlace.IMAGES) {
            server.assertAnswered(place, MediaServer.dataUri(picture));
        }
    }

    /// @param orientation as cameras number it, 1 to 8; others mean nothing
    private static byte[] exif(int orientation) {
        ByteBuffer exif = ByteBuffer.allocate(6 + 8 + 2 + 12 + 4);
        exif.put(TestPictures.latin1("Exif\0\0MM\0*")).putInt(8).putShort((short) 1);
        exif.putShort((short) 0x112).putShort((short) 3).putInt(1).putShort((short) orientation);
        return exif.array();
    }

    private static byte[] joined(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
    }

    @ParameterizedTest
    @EnumSource(
            value = MediaPlace.class,
            names = {"CHAT_IMAGE", "RESPONSES_IMAGE", "MESSAGES_IMAGE", "VQA_IMAGE", "OCR"})
    void a_type_that_is_not_the_pictures_own_is_not_believed(MediaPlace place) {
        byte[] png = TestPictures.bytes("rgb.png");
        for (String type : List.of("image/jpeg", "text/html", "video/mp4", "application/pdf", "")) {
            server.assertAnswered(place, MediaServer.dataUri(type, png));
        }
    }

    @ParameterizedTest
    @FieldSource("io.moonglass.vision.image.TestPictures#VARIETY")
    void a_picture_that_is_cut_short_is_refused(String name) {
        byte[] whole = TestPictures.bytes(name);
        refusedEverywhere(Arrays.copyOf(whole, whole.length / 3), 422, "invalid_image");
        refusedEverywhere(Arrays.copyOf(whole, 13), 422, "invalid_image");
    }

    private static Stream<Arguments> noPictures() {
        return Stream.of(
                other("an SVG", "<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
                other("an SVG with a declaration", "<?xml version='1.0'?><svg/>", "SVG"),
                other("an error page", "<!DOCTYPE html><title>404 Not Found</title>", "HTML"),
                other("a JPEG 2000", "\0\0\0\fjP  \r\n\u0087\n", "JPEG 2000"),
                other("a JPEG 2000 stream", "\u00ffO\u00ffQ\0", "JPEG 2000"),
                other("a TIFF", "II*\0\b\0\0\0", "TIFF"),
                other("a TIFF the other way", "MM\0*\0\0\0\b", "TIFF"),
                other("an OpenEXR", "v/1\u0001\u0002\0\0\0", "OpenEXR"),
                other("a Radiance HDR", "#?RADIANCE\n", "Radiance"),
                other("a JPEG XL", "\u00ff\n", "JPEG XL"),
                other("an AVIF", "\0\0\0\u001cftypavif", "AVIF"),
                other("a HEIC", "\0\0\0\u001cftypheic", "HEIC"),
                other("an anymap", "P6 1 1 255 abc", "anymap"),
                other("a word", "hello", "PNG"),
                other("JSON", "{\"error\": \"none\"}", "PNG"),
                other("a page before a PNG", "<html>\u0089PNG\r\n\u001a\n", "HTML"));
    }

    private static Arguments other(String name, String content, String said) {
        return Arguments.of(name, content.getBytes(StandardCharsets.ISO_8859_1), said);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("noPictures")
    void what_is_no_picture_that_is_taken_is_called_by_its_name(
            String name, byte[] content, String said) {
        for (MediaPlace place : MediaPlace.IMAGES) {
            String message =
                    server.assertRefused(
                            place,
                            MediaServer.dataUri(content),
                            "",
                            422,
                            "unsupported_media",
                            place.param());
            assertEquals(true, message.contains(said), message);
        }
    }

    @Test
    void a_pdf_is_no_picture_and_a_picture_that_is_also_a_pdf_is_judged_by_where_it_stands()
            throws IOException {
        Path pdf =
                PdfFiles.written(
                        folder.resolve("a.pdf"),
                        document -> PdfFiles.addPage(document, 200, 100, PdfFiles.CORNERS));
        byte[] bytes = Files.readAllBytes(pdf);
        Files.delete(pdf);
        for (MediaPlace place : MediaPlace.IMAGES) {
            server.assertRefused(place, MediaServer.dataUri(bytes), 422, "unsupported_media");
        }
        byte[] both =
                joined(
                        Bombs.withSegment(
                                TestPictures.bytes("baseline.jpg"),
                                0xfe,
                                TestPictures.latin1("%PDF-1.7")),
                        bytes);
        for (MediaPlace place : MediaPlace.IMAGES) {
            server.assertAnswered(place, MediaServer.dataUri(both));
        }
        server.assertAnswered(MediaPlace.CHAT_FILE, MediaServer.dataUri(both));
        server.assertAnswered(MediaPlace.OCR, MediaServer.dataUri(both));
    }

    @Test
    void a_picture_that_only_says_it_is_a_pdf_is_a_broken_one() {
        byte[] picture =
                Bombs.withSegment(
                        TestPictures.bytes("baseline.jpg"), 0xfe, TestPictures.latin1("%PDF-1.7"));
        for (MediaPlace place : MediaPlace.FILES) {
            server.assertRefused(place, MediaServer.dataUri(picture), 422, "invalid_media");
        }
        server.assertRefused(MediaPlace.OCR, MediaServer.dataUri(picture), 422, "invalid_media");
    }

    @Test
    void a_gif_of_many_frames_is_one_picture_and_no_video() {
        GifWriter writer = new GifWriter(1, 1);
        for (int i = 0; i < 100_000; i++) {
            writer.frame(0, 0, "A", 1, 5);
        }
        String url = MediaServer.dataUri("image/gif", writer.bytes());
        for (MediaPlace place : MediaPlace.IMAGES) {
            server.assertAnswered(place, url);
        }
        for (MediaPlace place : MediaPlace.VIDEOS) {
            server.assertRefused(place, url, 413, "media_too_large");
        }
    }

    @Test
    void a_body_in_gzip_is_refused_before_it_is_unpacked() throws IOException {
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 256; i++) {
                gzip.write(zeros);
            }
        }
        for (MediaPlace place : MediaPlace.values()) {
            RecordedExchange exchange =
                    server.http()
                            .send(
                                    "POST",
                                    place.path(),
                                    "application/json",
                                    "gzip",
                                    bomb.toByteArray());
            assertEquals(415, exchange.status(), exchange::toString);
        }
    }

    private static void refusedEverywhere(byte[] picture, int status, String code) {
        String url = MediaServer.dataUri(picture);
        for (MediaPlace place : MediaPlace.IMAGES) {
            server.assertRefused(place, url, status, code);
        }
        for (MediaPlace place : MediaPlace.FILES) {
            server.assertRefused(place, url, status, code);
        }
        server.assertRefused(MediaPlace.OCR, url, status, code);
    }
}
