package io.moonglass.vision.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;

/// Rows of what OpenCV decoded, as 8-bit RGB or RGBA. One row at a time is copied out of native memory, so
/// that nothing but the result is on the heap.
final class DecodedRows {

    private final Mat decoded;
    private final Picture.Mode mode;
    private final Optional<ColourKey> key;
    private final int channels;

    /// Of native memory that is the matrix's.
    private final MemorySegment samples;

    private final byte[] bytes;
    private final short[] shorts;

    private DecodedRows(Mat decoded, Picture.Mode mode, Optional<ColourKey> key) {
        this.decoded = decoded;
        this.mode = mode;
        this.key = key;
        this.channels = decoded.channels();
        this.samples =
                MemorySegment.ofAddress(decoded.data().address())
                        .reinterpret(decoded.rows() * decoded.step());
        boolean deep = decoded.depth() == opencv_core.CV_16U;
        this.bytes = new byte[deep ? 0 : decoded.cols() * channels];
        this.shorts = new short[deep ? decoded.cols() * channels : 0];
    }

    /// Empty if the samples are not what the container announced.
    static Optional<DecodedRows> of(Mat decoded, NativePicture encoded) {
        int channels = decoded.channels();
        boolean known =
                decoded.depth() == opencv_core.CV_8U || decoded.depth() == opencv_core.CV_16U;
        boolean expected =
                channels == 3
                        || (channels == 4 && encoded.mode() == Picture.Mode.RGBA)
                        || (channels == 1 && encoded.key().isPresent());
        if (!known || !expected) {
            return Optional.empty();
        }
        boolean hasAlpha = channels == 4 || encoded.key().isPresent();
        boolean announcedAlpha = encoded.mode() == Picture.Mode.RGBA;
        Picture.Mode mode = announcedAlpha && !hasAlpha ? Picture.Mode.RGB : encoded.mode();
        DecodedRows rows = new DecodedRows(decoded, mode, encoded.key());
        boolean ignoresAlpha =
                encoded.format() == ImageFormat.BMP
                        && encoded.presentation().overWhite()
                        && mode == Picture.Mode.RGBA
                        && rows.isAllTransparent();
        return Optional.of(
                ignoresAlpha ? new DecodedRows(decoded, Picture.Mode.RGB, Optional.empty()) : rows);
    }

    Picture.Mode mode() {
        return mode;
    }

    /// `[height, width, mode.channels()]`
    byte[] all() {
        int rowLength = decoded.cols() * mode.channels();
        byte[] pixels = new byte[Math.multiplyExact(decoded.rows(), rowLength)];
        for (int y = 0; y < decoded.rows(); y++) {
            read(y, pixels, y * rowLength);
        }
        return pixels;
    }

    /// `[height, width, 3]` after the turn, with white behind what is transparent.
    byte[] overWhite(Orientation orientation) {
        int width = decoded.cols();
        int height = decoded.rows();
        byte[] shown = new byte[Math.multiplyExact(height, 3 * width)];
        byte[] row = new byte[width * mode.channels()];
        byte[] rgb = mode == Picture.Mode.RGBA ? new byte[3 * width] : row;
        for (int y = 0; y < height; y++) {
            read(y, row, 0);
            if (mode == Picture.Mode.RGBA) {
                layOverWhite(row, rgb);
            }
            orientation.place(rgb, y, width, height, shown);
        }
        return shown;
    }

    /// Reads a row to `to[at ...]`: from blue, green, red to red, green, blue, and of 16 bits the upper 8.
    private void read(int y, byte[] to, int at) {
        long row = y * decoded.step();
        if (shorts.length > 0) {
            MemorySegment.copy(
                    samples, ValueLayout.JAVA_SHORT_UNALIGNED, row, shorts, 0, shorts.length);
        } else {
            MemorySegment.copy(samples, ValueLayout.JAVA_BYTE, row, bytes, 0, bytes.length);
        }
        int toChannels = mode.channels();
        int green = channels == 1 ? 0 : 1;
        int red = channels == 1 ? 0 : 2;
        for (int x = 0, from = 0; x < decoded.cols(); x++, from += channels, at += toChannels) {
            to[at] = upperByte(from + red);
            to[at + 1] = upperByte(from + green);
            to[at + 2] = upperByte(from);
            if (toChannels == 4) {
                to[at + 3] = alpha(from, red, green);
            }
        }
    }

    private byte alpha(int from, int red, int green) {
        if (key.isEmpty()) {
            return upperByte(from + 3);
        }
        boolean transparent =
                key.get().matches(sample(from + red), sample(from + green), sample(from));
        return (byte) (transparent ? 0 : 255);
    }

    private static void layOverWhite(byte[] rgba, byte[] rgb) {
        for (int from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
            int alpha = rgba[from + 3] & 0xff;
            for (int c = 0; c < 3; c++) {
                rgb[to + c] = FrameCanvas.over(rgba[from + c] & 0xff, alpha, 255);
            }
        }
    }

    private byte upperByte(int i) {
        return shorts.length > 0 ? (byte) (shorts[i] >> 8) : bytes[i];
    }

    private int sample(int i) {
        return shorts.length > 0 ? shorts[i] & 0xffff : bytes[i] & 0xff;
    }

    /// Some writers of BMP never fill the fourth byte in.
    private boolean isAllTransparent() {
        byte[] row = new byte[decoded.cols() * 4];
        for (int y = 0; y < decoded.rows(); y++) {
            read(y, row, 0);
            for (int i = 3; i < row.length; i += 4) {
                if (row[i] != 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
