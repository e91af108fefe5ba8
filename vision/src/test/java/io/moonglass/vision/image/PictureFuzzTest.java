package io.moonglass.vision.image;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.animation.Animation;
import io.moonglass.vision.animation.AnimationFrames;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.params.provider.FieldSource;

/// Whatever bytes come, a picture is decoded within its limits or the caller is told what is wrong, and nothing else
/// happens. Without `JAZZER_FUZZ=1` what was found earlier is run again.
class PictureFuzzTest {

    private static final ImageLimits SMALL = new ImageLimits(1 << 20, 100_000);
    private static final int MAX_FRAMES = 20;

    /// Every picture there is, so that no format has to be found by chance.
    static final List<byte[]> SEEDS = TestPictures.ALL.stream().map(TestPictures::bytes).toList();

    static final List<byte[]> EXIF =
            List.of(
                    UprightPictureTest.tiff(ByteOrder.LITTLE_ENDIAN, 6),
                    UprightPictureTest.tiff(ByteOrder.BIG_ENDIAN, 8));

    @FieldSource("SEEDS")
    @FuzzTest(maxDuration = "10m")
    void pictures_are_decoded_or_refused(byte[] bytes) {
        for (PictureStyle style : PictureStyle.values()) {
            try {
                EncodedPicture encoded = EncodedPicture.of(bytes, SMALL, style);
                checkLimits(encoded.width(), encoded.height());
                Picture picture = encoded.decode();
                check(picture.width() == encoded.width() && picture.height() == encoded.height());
                encoded.decode(JpegDecoding.REDUCED, 1, 1);
            } catch (InvalidRequestException expected) {
                check(!expected.getMessage().isBlank());
            }
        }
    }

    @FieldSource("SEEDS")
    @FuzzTest(maxDuration = "10m")
    void animations_are_shown_or_refused(byte[] bytes) {
        try {
            Animation.of(bytes, SMALL, MAX_FRAMES).ifPresent(PictureFuzzTest::show);
        } catch (InvalidRequestException expected) {
            check(!expected.getMessage().isBlank());
        }
    }

    @FieldSource("EXIF")
    @FuzzTest(maxDuration = "10m")
    void exif_is_read_or_ignored(byte[] bytes) {
        check(ExifOrientation.read(bytes, 0, bytes.length) != null);
        check(ExifOrientation.read(bytes, bytes.length / 2, bytes.length) != null);
        check(ExifOrientation.read(bytes, 0, bytes.length / 2) != null);
        check(ExifOrientation.read(bytes, bytes.length, Long.MAX_VALUE) != null);
    }

    /// Containers alone, which are fast: nothing is decoded, and the limits are the server's.
    @FieldSource("SEEDS")
    @FuzzTest(maxDuration = "10m")
    void containers_are_read_within_the_servers_limits(byte[] bytes) {
        try {
            EncodedPicture encoded =
                    EncodedPicture.of(bytes, ImageLimits.DEFAULT, PictureStyle.UPRIGHT);
            long pixels = (long) encoded.width() * encoded.height();
            check(pixels > 0 && pixels <= ImageLimits.DEFAULT.maxPixels());
        } catch (InvalidRequestException expected) {
            check(!expected.getMessage().isBlank());
        }
    }

    private static void show(Animation animation) {
        checkLimits(animation.width(), animation.height());
        check(animation.numFrames() > 0 && animation.numFrames() <= MAX_FRAMES);
        check(!animation.duration().isNegative());
        AnimationFrames frames = animation.frames();
        while (frames.hasNext()) {
            frames.next();
        }
        animation.frames().skipTo(animation.numFrames() - 1);
    }

    private static void checkLimits(int width, int height) {
        check(width > 0 && height > 0 && (long) width * height <= SMALL.maxPixels());
    }

    private static void check(boolean promise) {
        if (!promise) {
            throw new AssertionError("a promise is broken");
        }
    }
}
