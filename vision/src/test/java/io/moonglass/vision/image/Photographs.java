package io.moonglass.vision.image;

import java.util.Random;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.opencv_java;
import org.opencv.core.Core;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.core.MatOfByte;
import org.opencv.core.MatOfInt;
import org.opencv.core.Point;
import org.opencv.core.Scalar;
import org.opencv.core.Size;
import org.opencv.imgcodecs.Imgcodecs;
import org.opencv.imgproc.Imgproc;

/// Draws large JPEGs with what photographs and scans are made of. The same seed draws the same picture.
final class Photographs {

    static {
        Loader.load(opencv_java.class);
    }

    /// What is drawn.
    enum Subject {
        /// Clouds of all sizes, with the noise of a sensor.
        LANDSCAPE,
        /// Small print in many sizes on white.
        PAGE,
        /// Lines, circles and boxes in full colours, one beside the other.
        EDGES
    }

    private Photographs() {}

    static byte[] jpeg(Subject subject, int width, int height, int quality) {
        Mat picture = new Mat(height, width, CvType.CV_8UC3, Scalar.all(255));
        Random random = new Random(subject.ordinal());
        switch (subject) {
            case LANDSCAPE -> landscape(picture);
            case PAGE -> page(picture, random);
            case EDGES -> edges(picture, random);
        }
        byte[] jpeg = encoded(".jpg", picture, Imgcodecs.IMWRITE_JPEG_QUALITY, quality);
        picture.release();
        return jpeg;
    }

    /// A scanned page.
    static byte[] png(int width, int height) {
        Mat picture = new Mat(height, width, CvType.CV_8UC3, Scalar.all(255));
        page(picture, new Random(1));
        byte[] png = encoded(".png", picture, Imgcodecs.IMWRITE_PNG_COMPRESSION, 6);
        picture.release();
        return png;
    }

    private static void landscape(Mat picture) {
        Core.setRNGSeed(7);
        picture.setTo(Scalar.all(128));
        double amplitude = 60;
        for (int side = 6; side < picture.cols(); side *= 3) {
            Mat noise = new Mat(side * 3 / 4, side, CvType.CV_8UC3);
            Core.randu(noise, 0, 256);
            Mat clouds = new Mat();
            Imgproc.resize(noise, clouds, picture.size(), 0, 0, Imgproc.INTER_CUBIC);
            Core.addWeighted(picture, 1, clouds, amplitude / 128, -amplitude, picture);
            noise.release();
            clouds.release();
            amplitude *= 0.6;
        }
        Mat grain = new Mat(picture.size(), CvType.CV_8UC3);
        Core.randn(grain, 128, 6);
        Core.addWeighted(picture, 1, grain, 1, -128, picture);
        grain.release();
    }

    private static void page(Mat picture, Random random) {
        int y = 40;
        while (y < picture.rows() - 40) {
            double scale = 0.5 + 2.5 * random.nextDouble();
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < 400; i++) {
                line.append((char) (random.nextInt(6) == 0 ? ' ' : 'a' + random.nextInt(26)));
            }
            Imgproc.putText(
                    picture,
                    line.toString(),
                    new Point(60, y),
                    Imgproc.FONT_HERSHEY_COMPLEX,
                    scale,
                    Scalar.all(20),
                    Math.max(1, (int) Math.round(scale)),
                    Imgproc.LINE_AA);
            y += (int) (20 + 34 * scale);
        }
    }

    private static void edges(Mat picture, Random random) {
        for (int i = 0; i < 400; i++) {
            Scalar colour =
                    new Scalar(random.nextInt(256), random.nextInt(256), random.nextInt(256));
            Point from = new Point(random.nextInt(picture.cols()), random.nextInt(picture.rows()));
            Point to = new Point(random.nextInt(picture.cols()), random.nextInt(picture.rows()));
            switch (i % 3) {
                case 0 ->
                        Imgproc.line(
                                picture, from, to, colour, 1 + random.nextInt(9), Imgproc.LINE_AA);
                case 1 ->
                        Imgproc.circle(
                                picture,
                                from,
                                10 + random.nextInt(300),
                                colour,
                                random.nextBoolean() ? -1 : 3,
                                Imgproc.LINE_AA);
                default ->
                        Imgproc.rectangle(
                                picture,
                                from,
                                new Point(from.x + 5 + random.nextInt(400), from.y + 90),
                                colour,
                                random.nextBoolean() ? -1 : 2);
            }
        }
        // no lens and sensor draw an edge from one pixel to the next
        Imgproc.GaussianBlur(picture, picture, new Size(3, 3), 0.7);
    }

    private static byte[] encoded(String extension, Mat picture, int option, int value) {
        MatOfByte bytes = new MatOfByte();
        MatOfInt options = new MatOfInt(option, value);
        Imgcodecs.imencode(extension, picture, bytes, options);
        byte[] encoded = bytes.toArray();
        bytes.release();
        options.release();
        return encoded;
    }
}
