package io.moonglass.runtime.grammar;

import java.util.function.IntPredicate;

/// Edges of one kind, each from a position to one, with a label. Written first, then grouped once by where
/// they begin or end.
final class EdgeList {

    private final IntList from = new IntList();
    private final IntList label = new IntList();
    private final IntList to = new IntList();

    void add(int fromPosition, int edgeLabel, int toPosition) {
        from.add(fromPosition);
        label.add(edgeLabel);
        to.add(toPosition);
    }

    int size() {
        return from.size();
    }

    int from(int edge) {
        return from.get(edge);
    }

    int label(int edge) {
        return label.get(edge);
    }

    int to(int edge) {
        return to.get(edge);
    }

    /// What an edge is grouped by.
    enum End {
        FROM,
        TO,
        LABEL
    }

    Groups groupedBy(End end, int numGroups) {
        return groupedBy(end, numGroups, _ -> true);
    }

    /// @param keep says which edges, by index
    Groups groupedBy(End end, int numGroups, IntPredicate keep) {
        IntList keys =
                switch (end) {
                    case FROM -> from;
                    case TO -> to;
                    case LABEL -> label;
                };
        int[] starts = new int[numGroups + 1];
        for (int edge = 0; edge < size(); edge++) {
            if (keep.test(edge)) {
                starts[keys.get(edge) + 1]++;
            }
        }
        for (int i = 0; i < numGroups; i++) {
            starts[i + 1] += starts[i];
        }
        int[] edges = new int[starts[numGroups]];
        int[] next = starts.clone();
        for (int edge = 0; edge < size(); edge++) {
            if (keep.test(edge)) {
                edges[next[keys.get(edge)]++] = edge;
            }
        }
        return new Groups(starts, edges);
    }

    /// Edges of a group are `edges[starts[group], starts[group + 1])`.
    record Groups(int[] starts, int[] edges) {

        int start(int group) {
            return starts[group];
        }

        int end(int group) {
            return starts[group + 1];
        }
    }
}
