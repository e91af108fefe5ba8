package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/// The only door to OpenCV. Its calls pin their thread.
///
/// Through Bytedeco's bindings of three of its modules: `org.opencv` loads them all, among them one of windows, which
/// wants GTK on the machine.
final class OpenCvDecoder {

    static {
        // JavaCPP counts mapped weights as memory of its own, and would allocate nothing beside a
        // large model
        for (String limit : List.of("maxBytes", "maxPhysicalBytes")) {
            String property = "org.bytedeco.javacpp." + limit;
            System.setProperty(property, System.getProperty(property, "0"));
        }
        opencv_core.setNumThreads(1);
    }

    private OpenCvDecoder() {}

    /// Does nothing but have this class, and so OpenCV, loaded.
    static void load() {}

    /// @param reduction 1, or 2, 4 or 8 for that part of a JPEG's sides
    /// @throws InvalidRequestException if OpenCV cannot decode it, or finds another size than the
    ///                                 container declares
    static Picture decode(NativePicture encoded, int reduction) {
        byte[] bytes = encoded.bytes();
        try (BytePointer copy = new BytePointer(bytes.length);
                Mat input = new Mat(1, bytes.length, opencv_core.CV_8UC1, copy.put(bytes));
                Mat decoded = decode(input, encoded, reduction)) {
            return picture(encoded, reduction, decoded);
        }
    }

    private static Mat decode(Mat input, NativePicture encoded, int reduction) {
        try {
            return opencv_imgcodecs.imdecode(input, flags(encoded, reduction));
        } catch (RuntimeException e) {
            throw undecodable(encoded); // a std::exception of OpenCV's
        }
    }

    /// Unchanged keeps alpha and 16 bits; all leave Exif's orientation alone.
    private static int flags(NativePicture encoded, int reduction) {
        if (encoded.mode() == Picture.Mode.RGBA) {
            return opencv_imgcodecs.IMREAD_UNCHANGED;
        }
        int colour =
                switch (reduction) {
                    case 2 -> opencv_imgcodecs.IMREAD_REDUCED_COLOR_2;
                    case 4 -> opencv_imgcodecs.IMREAD_REDUCED_COLOR_4;
                    case 8 -> opencv_imgcodecs.IMREAD_REDUCED_COLOR_8;
                    default -> opencv_imgcodecs.IMREAD_COLOR;
                };
        return colour | opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION;
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
