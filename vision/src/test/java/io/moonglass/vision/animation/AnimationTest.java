package io.moonglass.vision.animation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.image.PictureStyle;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnimationTest {

    private static final int KEEP = 1;
    private static final int CLEAR = 2;
    private static final int RESTORE = 3;

    @ParameterizedTest
    @CsvSource({
        "moving.gif, 880", // 40 + 100 for 0 + 120 + 100 for 10 + 20 + 500
        "moving.webp, 871",
        "moving_lossy.webp, 320",
        "moving.png, 871"
    })
    void frames_are_composed_as_pillow_does(String name, int millis) {
        Animation animation = animation(bytes(name));
        byte[] wanted = bytes(name + ".frames.rgb");
        int frameBytes = 3 * animation.width() * animation.height();

        assertEquals(wanted.length / frameBytes, animation.numFrames());
        assertEquals(Duration.ofMillis(millis), animation.duration());
        AnimationFrames frames = animation.frames();
        for (int i = 0; i < animation.numFrames(); i++) {
            assertArrayEquals(
                    Arrays.copyOfRange(wanted, i * frameBytes, (i + 1) * frameBytes),
                    frames.next().pixels(),
                    name + " frame " + i);
        }
        assertFalse(frames.hasNext());
        assertThrows(NoSuchElementException.class, frames::next);
    }

    @Test
    void frames_stay_or_are_cleared_or_undone() {
        byte[] gif =
                new GifWriter(3, 2)
                        .frame(0, 0, "AAA/AAA", KEEP, 5)
                        .frame(1, 0, "B./BB", CLEAR, 5)
                        .frame(0, 1, "CC", RESTORE, 5)
                        .frame(2, 0, "D/D", KEEP, 5)
                        .bytes();

        assertEquals(List.of("AAA/AAA", "ABA/ABB", "A  /CC ", "A D/A D"), shown(gif));
    }

    @Test
    void what_no_frame_has_drawn_is_white() {
        byte[] gif = new GifWriter(3, 2).frame(1, 0, "A.", KEEP, 5).bytes();
        assertEquals(List.of(" A /   "), shown(gif));
    }

    @Test
    void undoing_the_first_frame_leaves_white() {
        byte[] gif =
                new GifWriter(2, 1)
                        .frame(0, 0, "AA", RESTORE, 5)
                        .frame(0, 0, "B", RESTORE, 5)
                        .frame(1, 0, "C", KEEP, 5)
                        .bytes();
        assertEquals(List.of("AA", "B ", " C"), shown(gif));
    }

    @ParameterizedTest
    @ValueSource(strings = {"moving.gif", "moving.webp", "moving_lossy.webp", "moving.png"})
    void skipping_shows_the_same_frames(String name) {
        Animation animation = animation(bytes(name));
        List<byte[]> all = new ArrayList<>();
        for (AnimationFrames frames = animation.frames(); frames.hasNext(); ) {
            all.add(frames.next().pixels());
        }
        for (int from = 0; from < all.size(); from++) {
            for (int to = from + 1; to < all.size(); to++) {
                AnimationFrames frames = animation.frames();
                frames.skipTo(from);
                assertArrayEquals(all.get(from), frames.next().pixels());
                frames.skipTo(to);
                assertArrayEquals(all.get(to), frames.next().pixels());
            }
        }
    }

    @Test
    void damage_before_a_frame_that_hides_everything_does_not_matter() {
        byte[] gif =
                new GifWriter(2, 1)
                        .frame(0, 0, "A", KEEP, 5) // one pixel short of the size below
                        .frame(0, 0, "BB", KEEP, 5)
                        .bytes();
        int width = 13 + 3 * 128 + 8 + 5;
        gif[width] = 2;
        AnimationFrames frames = animation(gif).frames();

        assertThrows(InvalidRequestException.class, frames::next);
        frames.skipTo(1);
        assertEquals("BB", letters(frames.next()));
    }

    @Test
    void only_what_comes_next_can_be_skipped_to() {
        AnimationFrames frames = animation(bytes("moving.gif")).frames();
        frames.next();
        assertThrows(IllegalArgumentException.class, () -> frames.skipTo(0));
        assertThrows(IllegalArgumentException.class, () -> frames.skipTo(6));
    }

    @Test
    void hardly_any_time_is_a_tenth_of_a_second() {
        byte[] gif =
                new GifWriter(1, 1)
                        .frame(0, 0, "A", KEEP, 0)
                        .frame(0, 0, "B", KEEP, 1)
                        .frame(0, 0, "C", KEEP, 2)
                        .frame(0, 0, "D", KEEP, 65535)
                        .bytes();
        Animation animation = animation(gif);

        assertEquals(Duration.ZERO, animation.startOf(0));
        assertEquals(Duration.ofMillis(100), animation.startOf(1));
        assertEquals(Duration.ofMillis(200), animation.startOf(2));
        assertEquals(Duration.ofMillis(220), animation.startOf(3));
        assertEquals(Duration.ofMillis(220 + 655_350), animation.duration());
        assertEquals(Duration.ofMillis(40), animation(bytes("moving.webp")).startOf(1));
        assertEquals(Duration.ofMillis(140), animation(bytes("moving.webp")).startOf(2));
    }

    @ParameterizedTest
    @CsvSource({"-5, 0", "0, 0", "99, 0", "100, 1", "101, 1", "149, 1", "150, 2", "9999, 2"})
    void the_frame_at_a_time_is_the_one_shown_then(int millis, int frame) {
        byte[] gif =
                new GifWriter(1, 1)
                        .frame(0, 0, "A", KEEP, 10)
                        .frame(0, 0, "B", KEEP, 5)
                        .frame(0, 0, "C", KEEP, 5)
                        .bytes();
        assertEquals(frame, animation(gif).frameAt(Duration.ofMillis(millis)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"rgb.png", "lossy.webp", "lossless_alpha.webp", "baseline.jpg", "rgb.bmp"})
    void a_still_picture_does_not_move(String name) {
        assertEquals(Optional.empty(), Animation.of(bytes(name), ImageLimits.DEFAULT, 10));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"moving.gif", "moving.webp", "moving_lossy.webp", "animated_alpha.webp"})
    void as_an_image_it_stays_its_first_frame(String name) {
        Picture first = animation(bytes(name)).frames().next();
        EncodedPicture still =
                EncodedPicture.of(bytes(name), ImageLimits.DEFAULT, PictureStyle.UPRIGHT);
        assertArrayEquals(first.pixels(), still.decode().pixels());
    }

    @ParameterizedTest
    @ValueSource(strings = {"moving.gif", "moving.webp", "moving.png"})
    void more_frames_than_allowed_are_refused(String name) {
        assertEquals(6, Animation.of(bytes(name), ImageLimits.DEFAULT, 6).get().numFrames());
        assertEquals(Kind.MEDIA_TOO_LARGE, refusal(bytes(name), ImageLimits.DEFAULT, 5).kind());
    }

    @Test
    void pixels_of_all_frames_together_are_limited() {
        GifWriter writer = new GifWriter(8000, 8000);
        for (int i = 0; i < 20; i++) {
            writer.frame(0, 0, "A", KEEP, 5);
        }
        byte[] gif = writer.bytes();
        int frameBytes = (gif.length - 13 - 3 * 128 - 1) / 20;
        for (int i = 0; i < 20; i++) {
            int size = 13 + 3 * 128 + i * frameBytes + 8 + 5;
            littleEndian(gif).putShort(size, (short) 8000).putShort(size + 2, (short) 8000);
        }
        InvalidRequestException refusal = refusal(gif, ImageLimits.DEFAULT, 100);

        assertEquals(Kind.MEDIA_TOO_LARGE, refusal.kind());
        assertTrue(refusal.getMessage().contains("1,000,000,000"), refusal.getMessage());
    }

    @Test
    void frames_outside_the_canvas_are_refused() {
        byte[] gif = new GifWriter(2, 2).frame(1, 1, "AA", KEEP, 5).bytes();
        assertEquals(Kind.INVALID_IMAGE, refusal(gif, ImageLimits.DEFAULT, 9).kind());

        byte[] webp = bytes("moving.webp");
        webp[webp.length - 80] = (byte) 255; // the last frame's place
        assertThrows(
                InvalidRequestException.class, () -> Animation.of(webp, ImageLimits.DEFAULT, 9));

        byte[] png = bytes("moving.png");
        int second = indexOf(png, "fcTL", indexOf(png, "fcTL", 0) + 1);
        for (int field = 8; field <= 20; field += 4) {
            byte[] moved = png.clone();
            ByteBuffer.wrap(moved).putInt(second + field, -1);
            assertEquals(Kind.INVALID_IMAGE, refusal(moved, ImageLimits.DEFAULT, 9).kind());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"moving.gif", "moving.webp", "moving.png"})
    void a_file_that_is_cut_short_is_refused_or_has_fewer_frames(String name) {
        byte[] whole = bytes(name);
        for (int length = 12; length < whole.length; length += 3) {
            byte[] cut = Arrays.copyOf(whole, length);
            try {
                Animation animation = Animation.of(cut, ImageLimits.DEFAULT, 9).orElseThrow();
                assertTrue(animation.numFrames() <= 6);
                assertEquals("moving.gif", name);
            } catch (InvalidRequestException expected) {
                assertEquals(Kind.INVALID_IMAGE, expected.kind());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"moving.gif", "moving.webp", "moving.png"})
    void the_canvas_is_limited_before_anything_is_decoded(String name) {
        assertEquals(
                Kind.MEDIA_TOO_LARGE,
                refusal(bytes(name), new ImageLimits(100_000, 29 * 23 - 1), 9).kind());
    }

    private static Animation animation(byte[] bytes) {
        return Animation.of(bytes, ImageLimits.DEFAULT, 100).orElseThrow();
    }

    private static InvalidRequestException refusal(
            byte[] bytes, ImageLimits limits, int maxFrames) {
        return assertThrows(
                InvalidRequestException.class, () -> Animation.of(bytes, limits, maxFrames));
    }

    private static List<String> shown(byte[] gif) {
        List<String> shown = new ArrayList<>();
        for (AnimationFrames frames = animation(gif).frames(); frames.hasNext(); ) {
            shown.add(letters(frames.next()));
        }
        return shown;
    }

    /// Pixels as letters, white as a space.
    private static String letters(Picture picture) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < picture.pixels().length; i += 3) {
            if (i > 0 && i % (3 * picture.width()) == 0) {
                letters.append('/');
            }
            byte pixel = picture.pixels()[i];
            letters.append(pixel == -1 ? ' ' : (char) pixel);
        }
        return letters.toString();
    }

    private static int indexOf(byte[] bytes, String latin1, int from) {
        for (int at = from; ; at++) {
            boolean found = true;
            for (int i = 0; i < latin1.length() && found; i++) {
                found = bytes[at + i] == latin1.charAt(i);
            }
            if (found) {
                return at;
            }
        }
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] bytes(String name) {
        try (InputStream in = AnimationTest.class.getResourceAsStream("/pictures/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new AssertionError(name, e);
        }
    }
}
