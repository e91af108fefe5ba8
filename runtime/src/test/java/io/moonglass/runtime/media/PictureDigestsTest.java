package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.RequestScope;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.FittedSize;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.image.PictureStyle;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PictureDigestsTest {

    private static final double[] HALF = {0.5, 0.5, 0.5};
    private static final PreprocessorConfig CONFIG =
            new PreprocessorConfig(14, 4096, true, HALF, HALF, 2);
    private static final Digest REVISION = new DigestBuilder().add("one").build();
    private static final Picture PICTURE = new Picture(3, 2, Picture.Mode.RGB, new byte[3 * 2 * 3]);

    private final PictureDigests digests = new PictureDigests(CONFIG, REVISION);

    @Test
    void equal_bytes_of_another_size_or_kind_are_another_picture() {
        byte[] bytes = new byte[36];
        List<Picture> pictures =
                List.of(
                        new Picture(3, 4, Picture.Mode.RGB, bytes),
                        new Picture(4, 3, Picture.Mode.RGB, bytes),
                        new Picture(12, 1, Picture.Mode.RGB, bytes),
                        new Picture(3, 4, Picture.Mode.INDEXED, bytes),
                        new Picture(3, 3, Picture.Mode.RGBA, bytes));

        Set<Digest> found = new HashSet<>();
        for (Picture picture : pictures) {
            found.add(digests.of(input(1), picture, RequestScope.DEFAULT));
        }

        assertEquals(pictures.size(), found.size());
    }

    @Test
    void a_pixel_makes_another_picture() {
        byte[] pixels = PICTURE.pixels().clone();
        pixels[17] = 1;
        assertNotEquals(
                digests.of(input(1), PICTURE, RequestScope.DEFAULT),
                digests.of(
                        input(1),
                        new Picture(3, 2, Picture.Mode.RGB, pixels),
                        RequestScope.DEFAULT));
    }

    @Test
    void whoever_has_another_name_or_salt_has_another_picture() {
        List<RequestScope> scopes =
                List.of(
                        new RequestScope("ab", "c", 0),
                        new RequestScope("a", "bc", 0),
                        new RequestScope("", "abc", 0),
                        new RequestScope("abc", "", 0));
        Set<Digest> found = new HashSet<>();
        for (RequestScope scope : scopes) {
            found.add(digests.of(input(1), PICTURE, scope));
        }
        assertEquals(scopes.size(), found.size());
        assertEquals(
                digests.of(input(1), PICTURE, new RequestScope("ab", "c", 0)),
                digests.of(input(1), PICTURE, new RequestScope("ab", "c", 7)));
    }

    @Test
    void every_setting_that_changes_rows_makes_another_picture() {
        double[] other = {0.5, 0.5, 0.25};
        List<PictureDigests> all =
                List.of(
                        digests,
                        with(new PreprocessorConfig(16, 4096, true, HALF, HALF, 2)),
                        with(new PreprocessorConfig(14, 4095, true, HALF, HALF, 2)),
                        with(new PreprocessorConfig(14, 4096, false, HALF, HALF, 2)),
                        with(new PreprocessorConfig(14, 4096, true, other, HALF, 2)),
                        with(new PreprocessorConfig(14, 4096, true, HALF, other, 2)),
                        with(new PreprocessorConfig(14, 4096, true, HALF, HALF, 4)),
                        new PictureDigests(CONFIG, new DigestBuilder().add("two").build()));
        Set<Digest> found = new HashSet<>();
        for (PictureDigests settings : all) {
            found.add(settings.of(input(1), PICTURE, RequestScope.DEFAULT));
        }
        assertEquals(all.size(), found.size());
    }

    @Test
    void a_picture_is_known_by_its_bytes_once_it_was_decoded() {
        RequestScope other = new RequestScope("other", "", 0);
        assertEquals(Optional.empty(), digests.find(input(1), RequestScope.DEFAULT));

        Digest content = digests.of(input(1), PICTURE, RequestScope.DEFAULT);

        assertEquals(Optional.of(content), digests.find(input(1), RequestScope.DEFAULT));
        assertEquals(
                Optional.of(digests.of(input(1), PICTURE, other)), digests.find(input(1), other));
        assertEquals(Optional.empty(), digests.find(input(2), RequestScope.DEFAULT));
    }

    @Test
    void bytes_that_are_wanted_in_another_size_are_decoded_anew() {
        ImageInput large = input(1);
        ImageInput small =
                new ImageInput(
                        large.where(),
                        large.picture(),
                        large.encoded(),
                        new FittedSize(2, 2, 28, 28, 2, 2));

        digests.of(large, PICTURE, RequestScope.DEFAULT);

        assertEquals(Optional.empty(), digests.find(small, RequestScope.DEFAULT));
    }

    @Test
    void only_so_many_pictures_are_remembered() {
        for (int number = 0; number < 5000; number++) {
            digests.of(input(number), PICTURE, RequestScope.DEFAULT);
        }
        assertTrue(digests.find(input(0), RequestScope.DEFAULT).isEmpty());
        assertTrue(digests.find(input(4999), RequestScope.DEFAULT).isPresent());
    }

    private static PictureDigests with(PreprocessorConfig config) {
        return new PictureDigests(config, REVISION);
    }

    private static ImageInput input(int number) {
        return new ImageInput(
                "here",
                EncodedPicture.of(Bitmaps.grey(4, 4, 0), ImageLimits.DEFAULT, PictureStyle.UPRIGHT),
                new DigestBuilder().add(number).build(),
                new FittedSize(4, 4, 28, 28, 2, 2));
    }
}
