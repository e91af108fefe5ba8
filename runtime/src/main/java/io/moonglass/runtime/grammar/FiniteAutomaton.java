package io.moonglass.runtime.grammar;

import java.util.BitSet;

/// A finite automaton over bytes; more than one edge of a state may take a byte. State 0 is the start.
/// Written by one thread, then only read.
final class FiniteAutomaton {

    private final IntList from = new IntList();
    private final IntList low = new IntList();
    private final IntList high = new IntList();
    private final IntList to = new IntList();
    private final BitSet accepting = new BitSet();
    private int numStates;

    int addState(boolean accepts) {
        accepting.set(numStates, accepts);
        return numStates++;
    }

    /// @param highByte inclusive
    void addEdge(int fromState, int lowByte, int highByte, int toState) {
        from.add(fromState);
        low.add(lowByte);
        high.add(highByte);
        to.add(toState);
    }

    int numStates() {
        return numStates;
    }

    int numEdges() {
        return from.size();
    }

    int from(int edge) {
        return from.get(edge);
    }

    int low(int edge) {
        return low.get(edge);
    }

    int high(int edge) {
        return high.get(edge);
    }

    int to(int edge) {
        return to.get(edge);
    }

    boolean accepts(int state) {
        return accepting.get(state);
    }

    boolean acceptsAnything() {
        return !accepting.isEmpty();
    }
}
