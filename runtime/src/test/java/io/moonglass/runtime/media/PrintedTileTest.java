package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.runtime.ocr.BlankTileException;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.JpegDecoding;
import io.moonglass.vision.image.Picture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PrintedTileTest {

    private static final int WIDTH = 5;
    private static final int HEIGHT = 3;

    @ParameterizedTest
    @EnumSource
    void a_tile_of_one_colour_is_blank(Picture.Mode mode) {
        PrintedTile tile = new PrintedTile(new Ready(plain(mode)));

        assertThrows(BlankTileException.class, tile::decode);
        assertThrows(BlankTileException.class, () -> tile.decode(JpegDecoding.EXACT, 1, 1));
    }

    @ParameterizedTest
    @EnumSource
    void one_byte_that_differs_is_print(Picture.Mode mode) {
        for (int i = 0; i < plain(mode).pixels().length; i++) {
            Picture picture = plain(mode);
            picture.pixels()[i]++;

            assertSame(picture, new PrintedTile(new Ready(picture)).decode());
        }
    }

    /// Each channel has a value of its own.
    private static Picture plain(Picture.Mode mode) {
        byte[] pixels = new byte[WIDTH * HEIGHT * mode.channels()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (200 + i % mode.channels());
        }
        return new Picture(WIDTH, HEIGHT, mode, pixels);
    }

    private record Ready(Picture picture) implements EncodedPicture {

        @Override
        public int width() {
            return picture.width();
        }

        @Override
        public int height() {
            return picture.height();
        }

        @Override
        public Picture decode() {
            return picture;
        }
    }
}
