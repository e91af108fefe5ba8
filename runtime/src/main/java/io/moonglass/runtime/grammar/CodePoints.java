package io.moonglass.runtime.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/// A set of Unicode scalar values: surrogates are never in it. Immutable.
final class CodePoints {

    static final CodePoints NONE = new CodePoints(new int[0]);
    static final CodePoints ALL = range(0, Character.MAX_CODE_POINT);

    private static final int FIRST_SURROGATE = 0xd800;
    private static final int LAST_SURROGATE = 0xdfff;

    /// First and last of each range, ascending, with gaps between them.
    private final int[] bounds;

    private CodePoints(int[] bounds) {
        this.bounds = bounds;
    }

    static CodePoints of(int codePoint) {
        return range(codePoint, codePoint);
    }

    /// The characters of a string.
    static CodePoints of(String characters) {
        return union(characters.codePoints().mapToObj(CodePoints::of).toList());
    }

    /// @param last inclusive
    static CodePoints range(int first, int last) {
        return normalised(List.of(new int[] {first, last}));
    }

    static CodePoints union(Collection<CodePoints> sets) {
        List<int[]> ranges = new ArrayList<>();
        for (CodePoints set : sets) {
            for (int i = 0; i < set.numRanges(); i++) {
                ranges.add(new int[] {set.first(i), set.last(i)});
            }
        }
        return normalised(ranges);
    }

    CodePoints or(CodePoints other) {
        return union(List.of(this, other));
    }

    CodePoints and(CodePoints other) {
        return complement().or(other.complement()).complement();
    }

    CodePoints minus(CodePoints other) {
        return complement().or(other).complement();
    }

    CodePoints complement() {
        List<int[]> ranges = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < numRanges(); i++) {
            ranges.add(new int[] {next, first(i) - 1});
            next = last(i) + 1;
        }
        ranges.add(new int[] {next, Character.MAX_CODE_POINT});
        return normalised(ranges);
    }

    boolean isEmpty() {
        return bounds.length == 0;
    }

    boolean contains(int codePoint) {
        int at = Arrays.binarySearch(bounds, codePoint);
        return at >= 0 || (~at & 1) == 1; // between a range's first and its last
    }

    int numRanges() {
        return bounds.length / 2;
    }

    int first(int range) {
        return bounds[2 * range];
    }

    int last(int range) {
        return bounds[2 * range + 1];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CodePoints that && Arrays.equals(bounds, that.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }

    private static CodePoints normalised(List<int[]> ranges) {
        List<int[]> sorted = new ArrayList<>();
        for (int[] range : ranges) {
            addWithoutSurrogates(sorted, range[0], range[1]);
        }
        sorted.sort((a, b) -> Integer.compare(a[0], b[0]));
        int[] bounds = new int[2 * sorted.size()];
        int length = 0;
        for (int[] range : sorted) {
            if (length > 0 && range[0] <= bounds[length - 1] + 1) {
                bounds[length - 1] = Math.max(bounds[length - 1], range[1]);
            } else {
                bounds[length++] = range[0];
                bounds[length++] = range[1];
            }
        }
        return new CodePoints(Arrays.copyOf(bounds, length));
    }

    private static void addWithoutSurrogates(List<int[]> ranges, int first, int last) {
        int end = Math.min(last, FIRST_SURROGATE - 1);
        if (first <= end) {
            ranges.add(new int[] {first, end});
        }
        int begin = Math.max(first, LAST_SURROGATE + 1);
        if (begin <= last) {
            ranges.add(new int[] {begin, last});
        }
    }
}
