package io.moonglass.vision;

import io.moonglass.loader.config.VisionConfig;

/// MoonViT's two-dimensional rotary angles for one grid. Pair `j` of a head turns by
/// `position * theta^(-4k/headDim)`, `k = j / 2`, with the patch's column as position for even `j`
/// and its row for odd `j`.
///
/// @param cos `[gridHeight * gridWidth, headDim / 2]`, row-major
/// @param sin the same shape
public record RotaryTable(float[] cos, float[] sin) {

    public static RotaryTable of(VisionConfig vision, int gridHeight, int gridWidth) {
        int numPairs = vision.headDim() / 2;
        float[] cos = new float[gridHeight * gridWidth * numPairs];
        float[] sin = new float[cos.length];
        for (int j = 0; j < numPairs; j++) {
            double frequency = Math.pow(VisionConfig.ROPE_THETA, -4.0 * (j / 2) / vision.headDim());
            boolean byColumn = j % 2 == 0;
            for (int row = 0; row < gridHeight; row++) {
                for (int column = 0; column < gridWidth; column++) {
                    double angle = (byColumn ? column : row) * frequency;
                    int at = (row * gridWidth + column) * numPairs + j;
                    cos[at] = (float) Math.cos(angle);
                    sin[at] = (float) Math.sin(angle);
                }
            }
        }
        return new RotaryTable(cos, sin);
    }
}
