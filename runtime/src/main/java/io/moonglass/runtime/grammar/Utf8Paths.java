package io.moonglass.runtime.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Spells a set of characters in UTF-8 as edges over bytes. Characters that end alike share their ends, so
/// a set of a hundred thousand characters takes a few hundred positions at most.
final class Utf8Paths {

    private static final int BITS = 6; // of a continuation byte
    private static final int[] LAST_OF_LENGTH = {0x7f, 0x7ff, 0xffff, 0x10ffff};
    private static final int[] LEAD = {0x00, 0xc0, 0xe0, 0xf0};
    private static final int CONTINUATION = 0x80;

    private final ProgramBuilder builder;
    private final int to;
    private final List<Map<List<Integer>, Integer>> known = new ArrayList<>();

    private Utf8Paths(ProgramBuilder builder, int to) {
        this.builder = builder;
        this.to = to;
        for (int i = 0; i < LEAD.length; i++) {
            known.add(new HashMap<>());
        }
    }

    static void add(ProgramBuilder builder, CodePoints set, int from, int to) {
        Utf8Paths paths = new Utf8Paths(builder, to);
        int first = 0;
        for (int following = 0; following < LEAD.length; following++) {
            int last = LAST_OF_LENGTH[following];
            List<Integer> bounds = new ArrayList<>();
            for (int i = 0; i < set.numRanges(); i++) {
                int low = Math.max(set.first(i), first);
                int high = Math.min(set.last(i), last);
                if (low <= high) {
                    bounds.add(low);
                    bounds.add(high);
                }
            }
            paths.addByte(from, bounds, following, LEAD[following]);
            first = last + 1;
        }
    }

    /// @param bounds    first and last of ranges of numbers; their upper bits are this byte's
    /// @param following how many bytes come after this one
    private void addByte(int from, List<Integer> bounds, int following, int marker) {
        int shift = BITS * following;
        int mask = (1 << shift) - 1;
        Map<Integer, List<Integer>> rests = new HashMap<>();
        int lowest = Integer.MAX_VALUE;
        int highest = -1;
        for (int i = 0; i < bounds.size(); i += 2) {
            int low = bounds.get(i);
            int high = bounds.get(i + 1);
            for (int value = low >> shift; value <= high >> shift; value++) {
                List<Integer> rest = rests.computeIfAbsent(value, _ -> new ArrayList<>());
                rest.add(value == low >> shift ? low & mask : 0);
                rest.add(value == high >> shift ? high & mask : mask);
            }
            lowest = Math.min(lowest, low >> shift);
            highest = Math.max(highest, high >> shift);
        }
        for (int value = lowest; value <= highest; ) {
            List<Integer> rest = rests.get(value);
            int end = value + 1;
            while (rest != null && end <= highest && rest.equals(rests.get(end))) {
                end++;
            }
            if (rest != null) {
                int target = following == 0 ? to : rest(rest, following - 1);
                builder.byteEdge(from, marker | value, marker | (end - 1), target);
            }
            value = end;
        }
    }

    private int rest(List<Integer> bounds, int following) {
        Integer position = known.get(following).get(bounds);
        if (position == null) {
            position = builder.newPosition();
            known.get(following).put(bounds, position);
            addByte(position, bounds, following, CONTINUATION);
        }
        return position;
    }
}
