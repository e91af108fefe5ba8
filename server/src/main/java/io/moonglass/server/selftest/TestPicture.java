package io.moonglass.server.selftest;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/// A red disc on white. Painted with every call: the bytes are few, and nothing has to be found on disk.
final class TestPicture {

    private static final int PIXELS = 112;
    private static final int RADIUS = 40;
    private static final int WHITE = 0xffffff;
    private static final int RED = 0xd01010;

    private TestPicture() {}

    /// The PNG as a `data:` address.
    static String address() {
        BufferedImage picture = new BufferedImage(PIXELS, PIXELS, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < PIXELS; y++) {
            for (int x = 0; x < PIXELS; x++) {
                boolean inside = Math.hypot(x - PIXELS / 2, y - PIXELS / 2) <= RADIUS;
                picture.setRGB(x, y, inside ? RED : WHITE);
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        // the stream that ImageIO would make by itself goes through a file
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            if (!ImageIO.write(picture, "PNG", out)) {
                throw new IllegalStateException("this JDK cannot write PNG");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
