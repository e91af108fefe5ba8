package io.moonglass.vision;

import java.util.Arrays;

/// How one axis of the learned position table is resampled to a picture's grid: cubic convolution
/// (a = -0.75), half-pixel centres, no antialiasing, edges clamped.
///
/// Source: Keys 1981, "Cubic Convolution Interpolation for Digital Image Processing", with the `a`
/// that MoonViT's framework uses.
public final class AxisWeights {

    private static final double A = -0.75;

    private AxisWeights() {}

    /// The identity where both sizes agree.
    ///
    /// @return `[outputSize, tableSize]`, row-major; every row sums to 1
    public static float[] of(int tableSize, int outputSize) {
        float[] weights = new float[outputSize * tableSize];
        double[] row = new double[tableSize];
        for (int i = 0; i < outputSize; i++) {
            Arrays.fill(row, 0);
            double source = (i + 0.5) * ((double) tableSize / outputSize) - 0.5;
            int base = (int) Math.floor(source);
            double t = source - base;
            for (int tap = -1; tap <= 2; tap++) {
                int j = Math.clamp(base + tap, 0, tableSize - 1);
                row[j] += kernel(Math.abs(t - tap)); // taps beyond an edge fall on the edge
            }
            for (int j = 0; j < tableSize; j++) {
                weights[i * tableSize + j] = (float) row[j];
            }
        }
        return weights;
    }

    private static double kernel(double x) {
        if (x <= 1) {
            return ((A + 2) * x - (A + 3)) * x * x + 1;
        }
        if (x < 2) {
            return ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
        }
        return 0;
    }
}
