package io.moonglass.vision.moonvit;

import io.moonglass.loader.config.VisionConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;
import io.moonglass.vision.AxisWeights;
import io.moonglass.vision.ImagePatches;

/// The learned position table, resampled to a picture's grid: each axis by itself, rows first.
final class PositionTable {

    private PositionTable() {}

    /// @param table `[positionRows * positionColumns, hiddenSize]`
    /// @param out   `[numPatches, hiddenSize]`
    static void resample(
            VisionConfig config,
            WeightMatrix table,
            ImagePatches patches,
            FloatMatrix out,
            PacedTeam team,
            Workspace workspace) {
        int numRows = config.positionRows();
        int numColumns = config.positionColumns();
        int gridWidth = patches.gridWidth();
        float[] rowWeights = AxisWeights.of(numRows, patches.gridHeight());
        float[] columnWeights = AxisWeights.of(numColumns, gridWidth);
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix strips = frame.matrix(team.size() * numColumns, table.numColumns());
            FloatMatrix stored = frame.matrix(team.size(), table.numColumns());
            team.run(
                    patches.gridHeight(),
                    (gridRow, member) -> {
                        FloatMatrix strip = strips.rows(member * numColumns, numColumns);
                        strip.data().fill((byte) 0);
                        for (int i = 0; i < numRows; i++) {
                            float weight = rowWeights[gridRow * numRows + i];
                            for (int j = 0; weight != 0 && j < numColumns; j++) {
                                Kernels.widenRow(table, i * numColumns + j, stored, member);
                                Kernels.addScaled(stored, member, weight, strip, j);
                            }
                        }
                        FloatMatrix rows = out.rows(gridRow * gridWidth, gridWidth);
                        rows.data().fill((byte) 0);
                        for (int column = 0; column < gridWidth; column++) {
                            for (int j = 0; j < numColumns; j++) {
                                float weight = columnWeights[column * numColumns + j];
                                if (weight != 0) {
                                    Kernels.addScaled(strip, j, weight, rows, column);
                                }
                            }
                        }
                    });
        }
    }
}
