package io.moonglass.vision.image;

/// Resizes a picture in the mode it was stored in and makes it RGB afterwards, bit for bit as Pillow's
/// `resize(BICUBIC)` followed by `convert("RGB")`.
final class PictureResizer {

    /// Rows that are turned on their side together, so that the filter has a long line of bytes to work on.
    private static final int BLOCK_ROWS = 32;

    private PictureResizer() {}

    static RgbImage resize(Picture picture, int width, int height) {
        if (picture.width() == width && picture.height() == height) {
            return picture.toRgb();
        }
        return switch (picture.mode()) {
            case INDEXED -> nearest(picture, width, height);
            case RGB, RGBA -> bicubic(picture, width, height);
        };
    }

    /// Bytes between the two passes are rounded, so their order matters: along rows first.
    private static RgbImage bicubic(Picture picture, int width, int height) {
        int channels = picture.mode().channels();
        byte[] narrowed = alongRows(picture, width);
        int rowLength = width * channels;
        byte[] resized = narrowed;
        Picture.Extent extent = picture.extent();
        if (picture.height() != height) {
            BicubicFilter filter =
                    BicubicFilter.of(picture.height(), extent.top(), extent.height(), height);
            resized = new byte[rowLength * height];
            int[] sums = new int[rowLength];
            for (int i = 0; i < height; i++) {
                filter.acrossRows(narrowed, rowLength, i, sums, resized);
            }
        }
        return switch (picture.mode()) {
            case RGB, INDEXED -> new RgbImage(width, height, resized);
            case RGBA -> new RgbImage(width, height, withoutPremultiplication(resized));
        };
    }

    private static byte[] alongRows(Picture picture, int width) {
        int channels = picture.mode().channels();
        int rowLength = picture.width() * channels;
        int height = picture.height();
        Picture.Extent extent = picture.extent();
        byte[] narrowed = new byte[Math.multiplyExact(width * channels, height)];
        byte[] row = new byte[rowLength];
        if (picture.width() == width) {
            for (int y = 0; y < height; y++) {
                readRow(picture, y, row);
                System.arraycopy(row, 0, narrowed, y * rowLength, rowLength);
            }
            return narrowed;
        }
        BicubicFilter filter =
                BicubicFilter.of(picture.width(), extent.left(), extent.width(), width);
        int block = Math.min(BLOCK_ROWS, height);
        byte[] columns = new byte[rowLength * block];
        byte[] fewerColumns = new byte[width * channels * block];
        int[] sums = new int[channels * block];
        for (int y = 0; y < height; y += block) {
            int numRows = Math.min(block, height - y);
            for (int r = 0; r < numRows; r++) {
                readRow(picture, y + r, row);
                for (int x = 0, to = r; x < rowLength; x++, to += block) {
                    columns[to] = row[x];
                }
            }
            for (int i = 0; i < width; i++) {
                filter.acrossRows(columns, channels * block, i, sums, fewerColumns);
            }
            for (int r = 0; r < numRows; r++) {
                int to = (y + r) * width * channels;
                for (int x = 0, from = r; x < width * channels; x++, from += block) {
                    narrowed[to + x] = fewerColumns[from];
                }
            }
        }
        return narrowed;
    }

    private static void readRow(Picture picture, int y, byte[] row) {
        System.arraycopy(picture.pixels(), y * row.length, row, 0, row.length);
        if (picture.mode() == Picture.Mode.RGBA) {
            premultiply(row);
        }
    }

    /// `colour * alpha / 255`, rounded.
    private static void premultiply(byte[] rgba) {
        for (int at = 0; at < rgba.length; at += 4) {
            int alpha = rgba[at + 3] & 0xff;
            for (int c = at; c < at + 3; c++) {
                int product = (rgba[c] & 0xff) * alpha + 128;
                rgba[c] = (byte) ((product + (product >> 8)) >> 8);
            }
        }
    }

    /// `255 * colour / alpha`, cut off; fully transparent pixels keep what they have.
    private static byte[] withoutPremultiplication(byte[] rgba) {
        byte[] rgb = new byte[rgba.length / 4 * 3];
        for (int from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
            int alpha = rgba[from + 3] & 0xff;
            for (int c = 0; c < 3; c++) {
                int colour = rgba[from + c] & 0xff;
                boolean plain = alpha == 0 || alpha == 255;
                rgb[to + c] = (byte) (plain ? colour : Math.min(255 * colour / alpha, 255));
            }
        }
        return rgb;
    }

    private static RgbImage nearest(Picture picture, int width, int height) {
        int[] columns = nearestIndices(picture.width(), width);
        int[] rows = nearestIndices(picture.height(), height);
        byte[] in = picture.pixels();
        byte[] rgb = new byte[width * height * 3];
        int to = 0;
        for (int y : rows) {
            for (int x : columns) {
                int from = (y * picture.width() + x) * 3;
                rgb[to++] = in[from];
                rgb[to++] = in[from + 1];
                rgb[to++] = in[from + 2];
            }
        }
        return new RgbImage(width, height, rgb);
    }

    /// Positions are summed up, not multiplied, because their rounding decides ties.
    private static int[] nearestIndices(int inputSize, int outputSize) {
        int[] indices = new int[outputSize];
        double scale = (double) inputSize / outputSize;
        double position = scale * 0.5;
        for (int i = 0; i < outputSize; i++) {
            indices[i] = Math.min((int) position, inputSize - 1);
            position += scale;
        }
        return indices;
    }
}
