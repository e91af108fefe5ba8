package io.moonglass.runtime.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckReportTest {

    private final CheckReport report = new CheckReport();

    @Test
    void floats_are_measured_against_the_largest_expected_value() {
        report.floats("near", new float[] {-100, 0}, new float[] {-100, 0.0009f});
        report.floats("far", new float[] {-100, 0}, new float[] {-100, 0.0011f});

        assertEquals(
                List.of(
                        "near         9.0e-06  ok",
                        "far          1.1e-05  FAILED",
                        "check: 2 groups, 1 failed"),
                report.lines());
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void what_is_no_number_fails_wherever_it_stands(float noNumber) {
        float[] good = {1, 2, 3};
        for (int i = 0; i < good.length; i++) {
            float[] bad = good.clone();
            bad[i] = noNumber;
            report.floats("actual " + i, good, bad);
            report.floats("expected " + i, bad, good);
            report.floats("good after bad " + i, good, bad);
            report.floats("good after bad " + i, good, good);
            report.exactFloats("exact " + i, good, bad);
        }

        assertEquals(12, report.numGroups());
        assertEquals(12, report.numFailed());
    }

    @Test
    void zeros_must_be_zeros() {
        report.floats("same", new float[2], new float[2]);
        report.floats("other", new float[2], new float[] {0, 1e-30f});

        assertEquals(1, report.numFailed());
    }

    @Test
    void another_number_of_values_fails_and_is_said() {
        report.floats("floats", new float[2], new float[3]);
        report.integers("integers", new long[2], new long[0]);
        report.exactFloats("exact", new float[1], new float[2]);

        assertEquals(3, report.numFailed());
        assertTrue(report.lines().getFirst().contains("2 values expected, 3 made"));
    }

    @Test
    void the_worst_of_a_group_counts() {
        report.floats("floats", new float[] {1}, new float[] {1.5f});
        report.floats("floats", new float[] {1}, new float[] {1});
        report.integers("integers", new long[] {1, 2, 3}, new long[] {1, 0, 0});
        report.integers("integers", new long[] {1}, new long[] {1});

        assertTrue(report.lines().get(0).contains("5.0e-01  FAILED"), report.lines().get(0));
        assertTrue(report.lines().get(1).contains("2 mismatches  FAILED"), report.lines().get(1));
    }

    @Test
    void what_cannot_be_compared_fails_and_what_is_skipped_does_not() {
        report.impossible("unknown", "no such output");
        report.skipped("extra.bin");

        assertEquals(
                List.of(
                        "unknown    1 mismatches  FAILED  (no such output)",
                        "skipped: extra.bin",
                        "check: 1 groups, 1 failed"),
                report.lines());
    }
}
