package io.moonglass.runtime.check;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// What a check found, by group: the worst of all comparisons with the same name.
public final class CheckReport {

    /// Largest error of a group of floats, relative to the largest expected value, that is agreement.
    public static final double TOLERANCE = 1e-5;

    private static final class Group {
        double worstError;
        long mismatches;
        boolean exact;
        String note = "";

        boolean failed() {
            return mismatches > 0 || !(worstError <= TOLERANCE);
        }
    }

    /// One group.
    ///
    /// @param error      the largest of its floats, relative to the largest expected value; null where values are counted
    /// @param mismatches how many values are not exactly as expected; null where floats are compared
    /// @param note       why there is nothing to compare, or null
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Finding(String name, boolean passed, Double error, Long mismatches, String note) {

        private static Finding of(String name, Group group) {
            boolean isCounted = group.exact || group.mismatches > 0;
            return new Finding(
                    name,
                    !group.failed(),
                    isCounted ? null : group.worstError,
                    isCounted ? group.mismatches : null,
                    group.note.isEmpty() ? null : group.note);
        }
    }

    /// All of it for programs.
    ///
    /// @param failed  how many groups do not agree
    /// @param skipped files that this check does not know
    public record Summary(int failed, List<Finding> groups, List<String> skipped) {}

    private final Map<String, Group> groups = new LinkedHashMap<>();
    private final List<String> skipped = new ArrayList<>();

    /// Compares floats by the largest error relative to the largest expected value.
    void floats(String group, float[] expected, float[] actual) {
        Group g = group(group);
        if (expected.length != actual.length) {
            lengthsDiffer(g, expected.length, actual.length);
            return;
        }
        double largest = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) expected[i] - actual[i]);
            largest = Math.max(largest, Math.abs(expected[i]));
            error =
                    Double.isNaN(difference)
                            ? Double.POSITIVE_INFINITY
                            : Math.max(error, difference);
        }
        g.worstError = Math.max(g.worstError, error == 0 ? 0 : error / largest);
    }

    /// Counts floats that are not exactly as expected.
    void exactFloats(String group, float[] expected, float[] actual) {
        count(group, expected.length, actual.length, i -> expected[i] == actual[i]);
    }

    /// Counts integers that are not as expected.
    void integers(String group, long[] expected, long[] actual) {
        count(group, expected.length, actual.length, i -> expected[i] == actual[i]);
    }

    private void count(String group, int numExpected, int numActual, IntPredicate agrees) {
        Group g = exactGroup(group);
        if (numExpected != numActual) {
            lengthsDiffer(g, numExpected, numActual);
            return;
        }
        g.mismatches += IntStream.range(0, numExpected).filter(agrees.negate()).count();
    }

    /// Counts values of any kind that are not as expected.
    void equal(String group, Object expected, Object actual) {
        exactGroup(group).mismatches += expected.equals(actual) ? 0 : 1;
    }

    /// Something that is expected cannot be compared: that is a failure, not a pass.
    void impossible(String group, String why) {
        Group g = exactGroup(group);
        g.mismatches++;
        g.note = why;
    }

    /// A file that this check does not know.
    void skipped(String what) {
        skipped.add(what);
    }

    public int numGroups() {
        return groups.size();
    }

    public int numFailed() {
        return (int) groups.values().stream().filter(Group::failed).count();
    }

    public Summary summary() {
        List<Finding> findings = new ArrayList<>();
        groups.forEach((name, group) -> findings.add(Finding.of(name, group)));
        return new Summary(numFailed(), findings, List.copyOf(skipped));
    }

    /// One line per group, then the sum.
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        int width = groups.keySet().stream().mapToInt(String::length).max().orElse(0);
        groups.forEach((name, group) -> lines.add(line(width, name, group)));
        skipped.forEach(what -> lines.add("skipped: " + what));
        lines.add("check: %d groups, %d failed".formatted(numGroups(), numFailed()));
        return lines;
    }

    private static String line(int width, String name, Group group) {
        String found =
                group.exact || group.mismatches > 0
                        ? "%d mismatches".formatted(group.mismatches)
                        : "%.1e".formatted(group.worstError);
        String verdict = group.failed() ? "FAILED" : "ok";
        String note = group.note.isEmpty() ? "" : "  (" + group.note + ")";
        return "%s  %14s  %s%s".formatted(padded(name, width), found, verdict, note);
    }

    private static String padded(String name, int width) {
        return name + " ".repeat(width - name.length());
    }

    private static void lengthsDiffer(Group group, int expected, int actual) {
        group.mismatches += Math.max(expected, actual);
        group.note = "%d values expected, %d made".formatted(expected, actual);
    }

    private Group exactGroup(String name) {
        Group group = group(name);
        group.exact = true;
        return group;
    }

    private Group group(String name) {
        return groups.computeIfAbsent(name, _ -> new Group());
    }
}
