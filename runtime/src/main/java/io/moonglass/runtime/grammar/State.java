package io.moonglass.runtime.grammar;

import java.util.Arrays;

/// Where an answer may be in its grammar after the bytes so far: every position that reads a byte, with the
/// stack under it. From each of them a sentence can be completed.
///
/// A state of the lazily determinised automaton. Unique within its [StateTable]. Immutable but for what it
/// remembers of its successors: threads may find these out twice, and find the same.
final class State {

    /// Positions that a byte leads to, of which items of a state, and the state that they make.
    record Step(int[] targets, int[] items, State next) {}

    /// No sentence begins so.
    static final State DEAD = new State(null, new int[0], new StackNode[0], false, 0, 1);

    final StateTable table;
    final int[] positions;
    final StackNode[] nodes;

    /// Whether the bytes so far are a sentence.
    final boolean accepting;

    /// Steps that it took to find this state.
    final int effort;

    /// By byte class; null where it is not known yet.
    final State[] next;

    /// Where every plain character leads, [#DEAD] if not all lead to one state, null if not known yet.
    State afterPlain;

    /// The positions that some byte led to, and what they made; null at first.
    Step lastStep;

    private final int hash;

    State(
            StateTable table,
            int[] positions,
            StackNode[] nodes,
            boolean accepting,
            int numClasses,
            int effort) {
        this.table = table;
        this.positions = positions;
        this.nodes = nodes;
        this.accepting = accepting;
        this.effort = effort;
        this.next = new State[numClasses];
        int sum = Arrays.hashCode(positions) + (accepting ? 1 : 0);
        for (StackNode node : nodes) {
            sum = 31 * sum + node.hashCode();
        }
        this.hash = sum;
    }

    boolean isDead() {
        return this == DEAD;
    }

    /// Whether the bytes so far are a sentence, and no longer one begins with them.
    boolean isFinished() {
        return accepting && positions.length == 0;
    }

    int numItems() {
        return positions.length;
    }

    /// For [StateTable].
    @Override
    public boolean equals(Object other) {
        return other instanceof State that
                && accepting == that.accepting
                && Arrays.equals(positions, that.positions)
                && StackNode.areSame(nodes, that.nodes);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    long bytes() {
        return 96 + 8L * positions.length + 4L * next.length;
    }
}
