package io.moonglass.vision.image;

import java.util.Arrays;

/// What frames are drawn on, one over the other. It is white and stays opaque, because drawing over white right
/// away gives the same colours as drawing on nothing and laying the result over white. For one thread.
public final class FrameCanvas {

    private final int width;
    private final int height;
    private final byte[] rgb;

    public FrameCanvas(int width, int height) {
        this.width = width;
        this.height = height;
        this.rgb = new byte[Math.multiplyExact(3 * width, height)];
        clear();
    }

    /// Makes all of it white.
    public void clear() {
        Arrays.fill(rgb, (byte) 255);
    }

    /// Makes an area white.
    public void clear(FrameArea area) {
        for (int y = 0; y < area.height(); y++) {
            int from = at(area, 0, y);
            Arrays.fill(rgb, from, from + 3 * area.width(), (byte) 255);
        }
    }

    /// Gives all of it one colour.
    void fill(byte[] colour) {
        for (int at = 0; at < rgb.length; at += 3) {
            System.arraycopy(colour, 0, rgb, at, 3);
        }
    }

    /// A copy of an area, `[height, width, 3]`.
    public byte[] copyOf(FrameArea area) {
        int rowLength = 3 * area.width();
        byte[] copy = new byte[rowLength * area.height()];
        for (int y = 0; y < area.height(); y++) {
            System.arraycopy(rgb, at(area, 0, y), copy, y * rowLength, rowLength);
        }
        return copy;
    }

    /// Puts back what [#copyOf] returned.
    public void restore(FrameArea area, byte[] copy) {
        int rowLength = 3 * area.width();
        for (int y = 0; y < area.height(); y++) {
            System.arraycopy(copy, y * rowLength, rgb, at(area, 0, y), rowLength);
        }
    }

    /// All of it as it is now.
    public Picture picture() {
        return new Picture(width, height, Picture.Mode.RGB, rgb.clone());
    }

    /// All of it, for who draws on it no more.
    Picture lastPicture() {
        return new Picture(width, height, Picture.Mode.RGB, rgb);
    }

    /// Draws an opaque pixel of an area.
    void set(FrameArea area, int x, int y, byte[] colours, int from) {
        int to = at(area, x, y);
        rgb[to] = colours[from];
        rgb[to + 1] = colours[from + 1];
        rgb[to + 2] = colours[from + 2];
    }

    /// Draws a picture on an area of its size.
    ///
    /// @param replaces whether white, and not what was there, shows through what is transparent
    void draw(FrameArea area, Picture picture, boolean replaces) {
        byte[] pixels = picture.pixels();
        int from = 0;
        for (int y = 0; y < area.height(); y++) {
            int to = at(area, 0, y);
            if (picture.mode() != Picture.Mode.RGBA) {
                System.arraycopy(pixels, from, rgb, to, 3 * area.width());
                from += 3 * area.width();
                continue;
            }
            for (int x = 0; x < area.width(); x++, from += 4, to += 3) {
                int alpha = pixels[from + 3] & 0xff;
                for (int c = 0; c < 3; c++) {
                    int below = replaces ? 255 : rgb[to + c] & 0xff;
                    rgb[to + c] = over(pixels[from + c] & 0xff, alpha, below);
                }
            }
        }
    }

    private int at(FrameArea area, int x, int y) {
        return 3 * ((area.top() + y) * width + area.left() + x);
    }

    /// A colour of some transparency over an opaque one, rounded.
    static byte over(int colour, int alpha, int below) {
        int sum = colour * alpha + below * (255 - alpha) + 127;
        return (byte) (sum / 255);
    }
}
