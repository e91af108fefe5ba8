package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRowsTest {

    private final Arena arena = Arena.ofAuto();

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 31, 32, 33, 63, 64, 65, 100, 576})
    void a_number_comes_back_within_half_a_step_of_its_block(int size) {
        FloatMatrix x = random(3, size);
        ByteRows rows = narrowed(x);
        WeightMatrix back = wide(3, size);
        Kernels.widenRows(rows, back);
        for (int row = 0; row < 3; row++) {
            for (int i = 0; i < size; i++) {
                float expected = x.get(row, i);
                float step = rows.factor(row, i / 32);
                float actual = ScalarKernels.element(back, row, i);
                assertEquals(expected, actual, step / 2 + Math.abs(expected) / 256);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 31, 32, 33, 64, 65, 100, 576})
    void all_kernels_store_and_read_the_same_bits(int size) {
        FloatMatrix x = random(5, size);
        ScalarKernels scalar = new ScalarKernels();
        for (KernelSet kernels : TestKernels.others()) {
            ByteRows expected = rows(5, size);
            ByteRows actual = rows(5, size);
            WeightMatrix expectedWide = wide(5, size);
            WeightMatrix actualWide = wide(5, size);
            for (int row = 0; row < 5; row++) {
                scalar.narrowRow(x.data(), (long) row * size, expected, row);
                kernels.narrowRow(x.data(), (long) row * size, actual, row);
                scalar.widenRow(expected, row, expectedWide, row);
                kernels.widenRow(actual, row, actualWide, row);
            }
            assertEquals(-1, expected.data().mismatch(actual.data()));
            assertEquals(-1, expectedWide.data().mismatch(actualWide.data()));
        }
    }

    @Test
    void zeros_stay_zeros() {
        WeightMatrix back = wide(1, 40);
        Kernels.widenRows(narrowed(FloatMatrix.allocate(arena, 1, 40)), back);
        for (int i = 0; i < 40; i++) {
            assertEquals(0, ScalarKernels.element(back, 0, i));
        }
    }

    @Test
    void the_largest_of_a_block_is_kept_to_a_bfloat16() {
        FloatMatrix x = FloatMatrix.allocate(arena, 1, 64);
        x.set(0, 5, -3);
        x.set(0, 40, 100);
        WeightMatrix back = wide(1, 64);
        Kernels.widenRows(narrowed(x), back);

        assertEquals(-3, ScalarKernels.element(back, 0, 5));
        assertEquals(100, ScalarKernels.element(back, 0, 40));
    }

    @Test
    void a_row_takes_a_byte_a_number_and_four_a_block() {
        assertEquals(576 + 18 * 4, ByteRows.rowBytes(576));
        assertEquals(8, ByteRows.rowBytes(1));
    }

    @Test
    void wrong_sizes_are_refused() {
        ByteRows rows = rows(2, 64);
        FloatMatrix x = FloatMatrix.allocate(arena, 1, 63);

        assertThrows(
                IllegalArgumentException.class,
                () -> new ByteRows(rows.data().asSlice(0, 8), 2, 64));
        assertThrows(IllegalArgumentException.class, () -> Kernels.narrowRow(x, 0, rows, 0));
        assertThrows(IllegalArgumentException.class, () -> Kernels.widenRows(rows, wide(3, 64)));
    }

    private FloatMatrix random(int numRows, int size) {
        Random random = new Random(size);
        FloatMatrix x = FloatMatrix.allocate(arena, numRows, size);
        for (int row = 0; row < numRows; row++) {
            for (int i = 0; i < size; i++) {
                x.set(row, i, (float) random.nextGaussian());
            }
        }
        return x;
    }

    private ByteRows narrowed(FloatMatrix x) {
        ByteRows rows = rows(x.numRows(), x.numColumns());
        for (int row = 0; row < x.numRows(); row++) {
            Kernels.narrowRow(x, row, rows, row);
        }
        return rows;
    }

    private ByteRows rows(int numRows, int size) {
        return new ByteRows(
                arena.allocate((long) numRows * ByteRows.rowBytes(size), 64), numRows, size);
    }

    private WeightMatrix wide(int numRows, int size) {
        return new WeightMatrix(
                arena.allocate(2L * numRows * size, 64), ElementType.BF16, numRows, size);
    }
}
