package io.moonglass.runtime.grammar;

import java.util.Comparator;

/// A position with the stack under it: where an answer may be, or where a caller goes on.
record StackedPosition(int position, StackNode node) {

    /// The same for equal sets, whichever order they were found in.
    static final Comparator<StackedPosition> ORDER =
            Comparator.comparingInt(StackedPosition::position)
                    .thenComparingInt(stacked -> stacked.node.depth)
                    .thenComparingInt(stacked -> stacked.node.hashCode())
                    .thenComparingInt(stacked -> stacked.node.id);

    boolean isSame(StackedPosition other) {
        return position == other.position && node == other.node;
    }
}
