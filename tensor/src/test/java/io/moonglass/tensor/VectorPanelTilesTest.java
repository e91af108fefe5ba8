package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Both kinds of tiles, of which a processor uses one.
class VectorPanelTilesTest {

    private static final int ROWS = 7;
    private static final int COLUMNS = 128;
    private static final int OUT = 83;

    private final Arena arena = Arena.ofConfined();
    private final KernelSet scalar = new ScalarKernels();

    @AfterEach
    void close() {
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(PanelType.class)
    void both_kinds_give_the_bits_of_the_scalar_kernels(PanelType type) {
        Random random = new Random(5);
        float[] weights = TestWeights.random(random, OUT * COLUMNS, 1);
        float[] rows = TestWeights.random(random, ROWS * COLUMNS, 1);
        WeightMatrix weight = TestWeights.of(arena, ElementType.F32, OUT, COLUMNS, weights);

        assertAgreement(rows, PanelPacker.pack(arena, weight, type));
    }

    @ParameterizedTest
    @EnumSource(PanelType.class)
    void the_largest_sums_of_a_block_fit_into_their_field(PanelType type) {
        float[] rows = new float[ROWS * COLUMNS];
        for (int i = 0; i < rows.length; i++) {
            boolean negative = (i / COLUMNS >> i / 32 % 4 & 1) == 1;
            rows[i] = negative ? -127 : 127;
        }
        for (int stored : new int[] {0, -1, 0x00ff00ff, 0x0f0ff0f0}) {
            assertAgreement(rows, storedAs(type, stored));
        }
    }

    /// Every four bytes of weights are these, which may be the -128 that no packing gives.
    private PanelMatrix storedAs(PanelType type, int stored) {
        long bytes = PanelMatrix.bytes(type, OUT, COLUMNS);
        MemorySegment data = arena.allocate(bytes, FloatMatrix.ALIGNMENT);
        PanelMatrix weight = new PanelMatrix(data, type, OUT, COLUMNS);
        for (int panel = 0; panel < weight.numPanels(); panel++) {
            weight.fillPanel(panel, new Random(panel), 1);
            for (int block = 0; block < weight.numBlocks(); block++) {
                long end = weight.scaleOffset(panel, block);
                for (long at = weight.blockOffset(panel, block); at < end; at += Integer.BYTES) {
                    data.set(ValueLayout.JAVA_INT_UNALIGNED, at, stored);
                }
            }
        }
        return weight;
    }

    private void assertAgreement(float[] rows, PanelMatrix weight) {
        QuantizedRows x = QuantizedRows.allocate(arena, ROWS, COLUMNS);
        scalar.quantize(FloatMatrix.of(arena, COLUMNS, rows), x);
        FloatMatrix expected = FloatMatrix.allocate(arena, ROWS, OUT);
        scalar.linear(x, weight, expected, 0, weight.numPanels());
        VectorPanelTiles[] kinds = {
            new VectorFloatTiles(x, weight), new VectorLongTiles(x, weight)
        };
        for (VectorPanelTiles tiles : kinds) {
            FloatMatrix actual = FloatMatrix.allocate(arena, ROWS, OUT);
            tiles.linear(actual, 0, weight.numPanels());
            assertArrayEquals(
                    expected.toArray(), actual.toArray(), tiles.getClass().getSimpleName());
        }
    }
}
