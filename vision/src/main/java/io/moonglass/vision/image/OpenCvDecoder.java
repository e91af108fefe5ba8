package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.opencv_java;
import org.opencv.core.Core;
import org.opencv.core.CvException;
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

    /// @param reduction 1, or 2, 4 or 8 for that part of a JPEG's sides
    /// @throws InvalidRequestException if OpenCV cannot decode it, or finds another size than the
    ///                                 container declares
    static Picture decode(NativePicture encoded, int reduction) {
        MatOfByte input = new MatOfByte(encoded.bytes());
        Mat decoded = null;
        try {
            decoded = Imgcodecs.imdecode(input, flags(encoded, reduction));
            return picture(encoded, reduction, decoded);
        } catch (CvException e) {
            throw undecodable(encoded);
        } finally {
            if (decoded != null) {
                decoded.release();
            }
            input.release();
        }
    }

    /// Unchanged keeps alpha and 16 bits; all leave Exif's orientation alone.
    private static int flags(NativePicture encoded, int reduction) {
        if (encoded.mode() == Picture.Mode.RGBA) {
            return Imgcodecs.IMREAD_UNCHANGED;
        }
        int colour =
                switch (reduction) {
                    case 2 -> Imgcodecs.IMREAD_REDUCED_COLOR_2;
                    case 4 -> Imgcodecs.IMREAD_REDUCED_COLOR_4;
                    case 8 -> Imgcodecs.IMREAD_REDUCED_COLOR_8;
                    default -> Imgcodecs.IMREAD_COLOR;
                };
        return colour | Imgcodecs.IMREAD_IGNORE_ORIENTATION;
    }

    private static Picture picture(NativePicture encoded, int reduction, Mat decoded) {
        int width = Math.ceilDiv(encoded.storedWidth(), reduction);
        int height = Math.ceilDiv(encoded.storedHeight(), reduction);
        if (decoded.empty() || decoded.cols() != width || decoded.rows() != height) {
            throw undecodable(encoded);
        }
        DecodedRows rows = DecodedRows.of(decoded, encoded).orElseThrow(() -> undecodable(encoded));
        Presentation presentation = encoded.presentation();
        Orientation orientation = presentation.orientation();
        boolean plain = rows.mode() == Picture.Mode.RGB && orientation == Orientation.AS_STORED;
        boolean asStored = plain || !presentation.overWhite();
        boolean swapped = orientation.swapsSides();
        return new Picture(
                swapped ? height : width,
                swapped ? width : height,
                asStored ? rows.mode() : Picture.Mode.RGB,
                asStored ? rows.all() : rows.overWhite(orientation),
                orientation.extent(encoded.storedWidth(), encoded.storedHeight(), reduction));
    }

    private static InvalidRequestException undecodable(NativePicture encoded) {
        return new ByteView(encoded.format(), encoded.bytes()).invalid("cannot be decoded");
    }
}
