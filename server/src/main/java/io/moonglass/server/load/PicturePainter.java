package io.moonglass.server.load;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/// Paints pictures that differ from each other: coloured rectangles and discs on a slope of colours. Pixels are written
/// one by one, which takes less of the machine than to start a graphics library would.
final class PicturePainter {

    private static final int NUM_SHAPES = 12;

    /// How a picture is encoded.
    enum Format {
        JPEG,
        PNG
    }

    private PicturePainter() {}

    /// The same bytes for the same numbers of the generator.
    ///
    /// @param width  in pixels
    /// @param height in pixels
    static byte[] paint(int width, int height, Format format, RandomGenerator random) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int[] row = new int[width];
        int fromColour = random.nextInt(1 << 24);
        int toColour = random.nextInt(1 << 24);
        for (int y = 0; y < height; y++) {
            Arrays.fill(row, between(fromColour, toColour, (double) y / height));
            picture.setRGB(0, y, width, 1, row, 0, width);
        }
        for (int i = 0; i < NUM_SHAPES; i++) {
            paintShape(picture, random);
        }
        return encoded(picture, format);
    }

    private static void paintShape(BufferedImage picture, RandomGenerator random) {
        boolean isDisc = random.nextBoolean();
        int colour = random.nextInt(1 << 24);
        int radius = 1 + random.nextInt(1 + Math.min(picture.getWidth(), picture.getHeight()) / 6);
        int centreX = random.nextInt(picture.getWidth());
        int centreY = random.nextInt(picture.getHeight());
        int endY = Math.min(picture.getHeight() - 1, centreY + radius);
        int endX = Math.min(picture.getWidth() - 1, centreX + radius);
        for (int y = Math.max(0, centreY - radius); y <= endY; y++) {
            for (int x = Math.max(0, centreX - radius); x <= endX; x++) {
                if (!isDisc || Math.hypot(x - centreX, y - centreY) <= radius) {
                    picture.setRGB(x, y, colour);
                }
            }
        }
    }

    private static int between(int from, int to, double share) {
        int colour = 0;
        for (int shift = 0; shift < 24; shift += 8) {
            int start = from >> shift & 0xff;
            int end = to >> shift & 0xff;
            colour |= (int) (start + share * (end - start)) << shift;
        }
        return colour;
    }

    private static byte[] encoded(BufferedImage picture, Format format) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        // the stream that ImageIO would make by itself goes through a file
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            if (!ImageIO.write(picture, format.name(), out)) {
                throw new IllegalStateException("this JDK cannot write " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
