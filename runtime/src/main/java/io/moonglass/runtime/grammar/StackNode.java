package io.moonglass.runtime.grammar;

import java.util.Arrays;

/// All callers that wait for one call of a rule: where each goes on, and what waits for it in turn. Stacks of
/// an ambiguous text share their nodes, so there are never exponentially many.
///
/// Nodes are unique within their [StateTable]: equal ones are the same object. Immutable.
///
/// Source: Tomita 1985, "An Efficient Context-free Parsing Algorithm" (graph-structured stacks).
final class StackNode {

    /// Nobody waits: the answer as a whole.
    static final StackNode BOTTOM = new StackNode(0, new int[0], new StackNode[0]);

    final int id;
    final int[] returns;
    final StackNode[] parents;

    /// The shortest way to the bottom.
    final int depth;

    /// The longest one.
    final int length;

    private final int hash;

    StackNode(int id, int[] returns, StackNode[] parents) {
        this.id = id;
        this.returns = returns;
        this.parents = parents;
        int shortest = Integer.MAX_VALUE;
        int longest = -1;
        int sum = Arrays.hashCode(returns);
        for (StackNode parent : parents) {
            shortest = Math.min(shortest, parent.depth);
            longest = Math.max(longest, parent.length);
            sum = 31 * sum + parent.hash;
        }
        this.depth = parents.length == 0 ? 0 : shortest + 1;
        this.length = longest + 1;
        this.hash = sum;
    }

    /// For [StateTable]: whether the callers are the same, whatever the id. Parents of one table are compared
    /// as objects, so this never descends.
    @Override
    public boolean equals(Object other) {
        return other instanceof StackNode that
                && Arrays.equals(returns, that.returns)
                && areSame(parents, that.parents);
    }

    static boolean areSame(StackNode[] some, StackNode[] others) {
        boolean same = some.length == others.length;
        for (int i = 0; same && i < some.length; i++) {
            same = some[i] == others[i];
        }
        return same;
    }

    @Override
    public int hashCode() {
        return hash;
    }

    long bytes() {
        return 64 + 8L * returns.length;
    }
}
