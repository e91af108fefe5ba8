package io.moonglass.runtime.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// Finds which tokens may come in one state: a walk through a tree of tokens that leaves out whatever begins
/// with bytes that may not come. Used once.
///
/// The walk has a table of its own of the states it meets, a row for each, so that a step is two reads of small
/// arrays. What it may spend on finding states is limited; where a grammar needs more, tokens of several bytes that
/// were not reached stay forbidden, and single bytes spell what they would have.
final class MaskWalk {

    private static final int BUDGET =
            32_000; // steps of closures; strings of JSON take some thousand
    private static final int TRANSITION_COST = 4;
    private static final int UNKNOWN = -1;
    private static final int DEAD = 0;

    private final Automaton automaton;
    private final int numClasses;
    private final List<State> states = new ArrayList<>();
    private final Map<State, Integer> rows = new IdentityHashMap<>();

    /// By row and byte class, the row of the next state.
    private int[] transitions;

    private int spent;

    MaskWalk(Automaton automaton) {
        this.automaton = automaton;
        this.numClasses = automaton.numClasses();
        this.transitions = new int[16 * numClasses];
        Arrays.fill(transitions, UNKNOWN);
        row(State.DEAD);
    }

    /// Sets the bits of the trie's tokens that may come.
    void allow(State state, VocabularyTrie trie, long[] mask) {
        int start = row(state);
        findSingleBytes(start);
        int[] nodes = trie.nodes();
        int[] classes = automaton.byteClasses();
        int[] path = new int[trie.maxDepth() + 1];
        path[0] = start;
        int[] table = transitions;
        for (int at = 0; at < nodes.length; ) {
            int depth = nodes[at] >> VocabularyTrie.DEPTH_SHIFT;
            int byteClass = classes[nodes[at] & 0xff];
            int next = table[path[depth] + byteClass];
            if (next == UNKNOWN) {
                next = find(path[depth], byteClass, spent < BUDGET);
                table = transitions; // it may have grown
            }
            if (next == DEAD) {
                at = nodes[at + 1];
            } else {
                int tokenId = nodes[at + 2];
                if (tokenId != VocabularyTrie.NO_TOKEN) {
                    mask[tokenId >> 6] |= 1L << tokenId;
                }
                path[depth + 1] = next;
                at += VocabularyTrie.NODE_SIZE;
            }
        }
    }

    /// First, so that one way on is always found, whatever the budget.
    private void findSingleBytes(int start) {
        boolean anyFound = false;
        for (int byteClass = 0; byteClass < numClasses; byteClass++) {
            anyFound |= find(start, byteClass, spent < BUDGET || !anyFound) != DEAD;
        }
    }

    private int find(int from, int byteClass, boolean affordable) {
        int found = DEAD;
        if (affordable) {
            State state = states.get(from / numClasses);
            State next = automaton.next(state, byteClass);
            spent += TRANSITION_COST + state.numItems() / 8 + (next.isDead() ? 0 : next.effort);
            found = row(next);
        }
        transitions[from + byteClass] = found;
        return found;
    }

    private int row(State state) {
        Integer row = rows.get(state);
        if (row == null) {
            row = states.size() * numClasses;
            states.add(state);
            rows.put(state, row);
            int before = transitions.length;
            if (row + numClasses > before) {
                transitions = Arrays.copyOf(transitions, 2 * before);
                Arrays.fill(transitions, before, transitions.length, UNKNOWN);
            }
        }
        return row;
    }
}
