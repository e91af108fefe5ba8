package io.moonglass.tensor;

import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.util.Arrays;

/// Rounds blocks of 32 weights to whole numbers with a scale for each: the same scales and numbers that [PanelPacker]
/// finds, for layouts other than panels. One thread uses an instance.
public final class BlockRounding {

    /// Weights of a block.
    public static final int BLOCK_LENGTH = BLOCK_COLUMNS;

    /// Blocks that are rounded at once.
    public static final int MAX_BLOCKS = PANEL_ROWS;

    private final KernelSet kernels = Kernels.fastest();
    private final PanelBlock blocks;
    private final short[] scales = new short[MAX_BLOCKS];

    public BlockRounding(PanelType type) {
        blocks = new PanelBlock(type);
    }

    /// @param values    `numBlocks` times 32, from index `at`
    /// @param numBlocks at most 16
    /// @throws IllegalArgumentException if a weight is no finite number, or too large for the scale
    public void round(float[] values, int at, int numBlocks) {
        if (numBlocks < MAX_BLOCKS) {
            Arrays.fill(blocks.values, 0);
        }
        for (int block = 0; block < numBlocks; block++) {
            for (int i = 0; i < BLOCK_LENGTH; i++) {
                blocks.values[i * MAX_BLOCKS + block] = values[at + block * BLOCK_LENGTH + i];
            }
        }
        kernels.findScales(blocks);
        for (int block = 0; block < numBlocks; block++) {
            scales[block] = Float.floatToFloat16(blocks.scales[block]);
            blocks.scales[block] =
                    Float.float16ToFloat(scales[block]); // codes are for it as it is stored
            if (!Float.isFinite(blocks.scales[block])) {
                throw new IllegalArgumentException(
                        "a weight of %s; want at most %s"
                                .formatted(
                                        blocks.extremes[block], 65504f * blocks.type().offset()));
            }
        }
    }

    /// The bits of a block's scale, a float16.
    public short scale(int block) {
        return scales[block];
    }

    /// What is multiplied with the scale: -8 to 7 in Q4, -127 to 127 in Q8.
    public int code(int block, int index) {
        float scale = blocks.scales[block];
        float value = blocks.values[index * MAX_BLOCKS + block];
        int code = scale == 0 ? 0 : (int) Math.rint(value / scale);
        return Math.clamp(code, blocks.least(), blocks.most());
    }
}
