package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.opencv_java;
import org.opencv.core.Core;
import org.opencv.core.CvException;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.MatOfByte;
import org.opencv.imgcodecs.Imgcodecs;

/// The only door to OpenCV. Its calls pin their thread.
final class OpenCvDecoder {

    static {
        Loader.load(opencv_java.class);
        Core.setNumThreads(1);
    }

    private OpenCvDecoder() {}

    /// Does nothing but have this class, and so OpenCV, loaded.
    static void load() {}

    /// @throws InvalidRequestException if OpenCV cannot decode it, or finds another size than the
    ///                                 container declares
    static Picture decode(NativePicture encoded) {
        // unchanged keeps alpha (and 16 bits); both leave Exif's orientation alone
        int flags =
                encoded.mode() == Picture.Mode.RGBA
                        ? Imgcodecs.IMREAD_UNCHANGED
                        : Imgcodecs.IMREAD_COLOR | Imgcodecs.IMREAD_IGNORE_ORIENTATION;
        MatOfByte input = new MatOfByte(encoded.bytes());
        Mat decoded = null;
        try {
            decoded = Imgcodecs.imdecode(input, flags);
            return picture(encoded, decoded);
        } catch (CvException e) {
            throw undecodable(encoded);
        } finally {
            if (decoded != null) {
                decoded.release();
            }
            input.release();
        }
    }

    private static Picture picture(NativePicture encoded, Mat decoded) {
        int width = encoded.width();
        int height = encoded.height();
        if (decoded.empty() || decoded.cols() != width || decoded.rows() != height) {
            throw undecodable(encoded);
        }
        int channels = decoded.channels();
        Picture.Mode mode = encoded.mode();
        if (mode == Picture.Mode.RGBA && channels == 3) {
            mode = Picture.Mode.RGB; // alpha was announced, but there is none
        }
        if (channels != mode.channels()) {
            throw undecodable(encoded);
        }
        byte[] pixels = new byte[Math.toIntExact((long) width * height * channels)];
        switch (decoded.depth()) {
            case CvType.CV_8U -> {
                byte[] row = new byte[width * channels];
                for (int y = 0; y < height; y++) {
                    decoded.get(y, 0, row);
                    System.arraycopy(row, 0, pixels, y * row.length, row.length);
                }
            }
            case CvType.CV_16U -> {
                short[] row = new short[width * channels];
                for (int y = 0; y < height; y++) {
                    decoded.get(y, 0, row);
                    for (int i = 0; i < row.length; i++) {
                        pixels[y * row.length + i] = (byte) (row[i] >> 8);
                    }
                }
            }
            default -> throw undecodable(encoded);
        }
        swapBlueAndRed(pixels, channels);
        return new Picture(width, height, mode, pixels);
    }

    private static void swapBlueAndRed(byte[] pixels, int channels) {
        for (int at = 0; at < pixels.length; at += channels) {
            byte blue = pixels[at];
            pixels[at] = pixels[at + 2];
            pixels[at + 2] = blue;
        }
    }

    private static InvalidRequestException undecodable(NativePicture encoded) {
        return new ByteView(encoded.format(), encoded.bytes()).invalid("cannot be decoded");
    }
}
