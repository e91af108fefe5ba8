package io.moonglass.vision.image;

import java.util.Arrays;

/// One axis of an antialiased bicubic resize with 22-bit fixed-point weights, as Pillow computes it
/// on 8-bit pictures; results agree bit for bit.
///
/// Source: Keys 1981, "Cubic Convolution Interpolation for Digital Image Processing" (a = -0.5),
/// stretched by the shrink factor; fixed point as in Pillow's `Resample.c`.
///
/// @param first  per output index, the first input index it reads
/// @param count  per output index, how many it reads
/// @param weights `[output size, stride]`
record BicubicFilter(int[] first, int[] count, int[] weights, int stride) {

    private static final double A = -0.5;
    private static final int FRACTION_BITS = 22;

    // absolute weights of one output sum to less than 1.5: 1.5 * 255 * 2^22 < 2^31
    private static final int HALF = 1 << (FRACTION_BITS - 1);

    /// @param start  where the part of the input begins that is shown
    /// @param extent how long it is; the input's size if that is all
    static BicubicFilter of(int inputSize, double start, double extent, int outputSize) {
        double scale = extent / outputSize;
        double stretch = Math.max(scale, 1);
        double support = 2 * stretch;
        int stride = (int) Math.ceil(support) * 2 + 1;
        int[] first = new int[outputSize];
        int[] count = new int[outputSize];
        int[] weights = new int[outputSize * stride];
        double[] exact = new double[stride];
        for (int i = 0; i < outputSize; i++) {
            double center = start + (i + 0.5) * scale;
            int low = Math.max((int) (center - support + 0.5), 0);
            int high = Math.min((int) (center + support + 0.5), inputSize);
            double sum = 0;
            for (int j = low; j < high; j++) {
                exact[j - low] = kernel((j - center + 0.5) * (1 / stretch));
                sum += exact[j - low];
            }
            for (int j = 0; j < high - low; j++) {
                weights[i * stride + j] = fixedPoint(exact[j] / sum);
            }
            first[i] = low;
            count[i] = high - low;
        }
        return new BicubicFilter(first, count, weights, stride);
    }

    /// Filters across rows of `rowLength` bytes: makes output row `i`.
    ///
    /// @param sums scratch of `rowLength`
    void acrossRows(byte[] in, int rowLength, int i, int[] sums, byte[] out) {
        Arrays.fill(sums, HALF);
        int weightAt = i * stride;
        int from = first[i] * rowLength;
        int j = 0;
        // four at a time, so that sums are read and written less often
        for (; j + 4 <= count[i]; j += 4, from += 4 * rowLength) {
            addFour(in, from, rowLength, weightAt + j, sums);
        }
        for (; j < count[i]; j++, from += rowLength) {
            int weight = weights[weightAt + j];
            for (int x = 0; x < rowLength; x++) {
                sums[x] += weight * (in[from + x] & 0xff);
            }
        }
        for (int x = 0; x < rowLength; x++) {
            out[i * rowLength + x] = clamp(sums[x]);
        }
    }

    private void addFour(byte[] in, int from, int rowLength, int weightAt, int[] sums) {
        int weight0 = weights[weightAt];
        int weight1 = weights[weightAt + 1];
        int weight2 = weights[weightAt + 2];
        int weight3 = weights[weightAt + 3];
        int from1 = from + rowLength;
        int from2 = from1 + rowLength;
        int from3 = from2 + rowLength;
        for (int x = 0; x < rowLength; x++) {
            sums[x] +=
                    weight0 * (in[from + x] & 0xff)
                            + weight1 * (in[from1 + x] & 0xff)
                            + weight2 * (in[from2 + x] & 0xff)
                            + weight3 * (in[from3 + x] & 0xff);
        }
    }

    private static byte clamp(int sum) {
        return (byte) Math.clamp(sum >> FRACTION_BITS, 0, 255);
    }

    private static int fixedPoint(double weight) {
        return (int) (weight * (1 << FRACTION_BITS) + (weight < 0 ? -0.5 : 0.5));
    }

    private static double kernel(double signed) {
        double x = Math.abs(signed);
        if (x < 1) {
            return ((A + 2) * x - (A + 3)) * x * x + 1;
        }
        if (x < 2) {
            return (((x - 5) * x + 8) * x - 4) * A;
        }
        return 0;
    }
}
