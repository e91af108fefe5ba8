package io.moonglass.runtime.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// Finds which tokens may come in one state: a walk through a tree of tokens that leaves out whatever begins
/// with bytes that may not come. Used once.
///
/// The walk has a table of its own of the states it meets, so that a step is two reads of small arrays. What it may spend on
/// finding states is limited; where a grammar needs more, tokens of several bytes that were not reached stay
/// forbidden, and single bytes spell what they would have.
final class MaskWalk {

    private static final int BUDGET = 100_000; // steps of a closure, about 0.1 microseconds each
    private static final int TRANSITION_COST = 4;
    private static final int UNKNOWN = -1;
    private static final int DEAD = 0;
    private static final int START = 1;

    private final Automaton automaton;
    private final int numClasses;
    private final List<State> states = new ArrayList<>();
    private final Map<State, Integer> numbers = new IdentityHashMap<>();
    private int[] transitions;
    private int spent;

    MaskWalk(Automaton automaton) {
        this.automaton = automaton;
        this.numClasses = automaton.numClasses();
        this.transitions = new int[16 * numClasses];
        Arrays.fill(transitions, UNKNOWN);
        number(State.DEAD);
    }

    /// Sets the bits of the trie's tokens that may come.
    void allow(State state, VocabularyTrie trie, long[] mask) {
        number(state); // START
        int[] nodes = trie.nodes();
        int[] path = new int[trie.maxDepth() + 1];
        path[0] = START;
        // Single bytes first: whatever the budget, one way on is never forbidden.
        for (int byteClass = 0; byteClass < numClasses; byteClass++) {
            find(START, byteClass);
        }
        for (int at = 0; at < nodes.length; ) {
            int depth = nodes[at] >> VocabularyTrie.DEPTH_SHIFT;
            int byteClass = automaton.byteClass(nodes[at] & 0xff);
            int next = transitions[path[depth] * numClasses + byteClass];
            if (next == UNKNOWN) {
                next = find(path[depth], byteClass);
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

    private int find(int from, int byteClass) {
        State state = states.get(from);
        int found = DEAD;
        if (spent < BUDGET || from == START && !anyFound(byteClass)) {
            State next = automaton.next(state, byteClass);
            spent += TRANSITION_COST + state.numItems() / 8 + (next.isDead() ? 0 : next.effort);
            found = next.isDead() ? DEAD : number(next);
        }
        transitions[from * numClasses + byteClass] = found;
        return found;
    }

    /// Whether the start has a way on among the classes before this one.
    private boolean anyFound(int byteClass) {
        for (int i = 0; i < byteClass; i++) {
            if (transitions[START * numClasses + i] > DEAD) {
                return true;
            }
        }
        return false;
    }

    private int number(State state) {
        Integer number = numbers.get(state);
        if (number == null) {
            number = states.size();
            states.add(state);
            numbers.put(state, number);
            int size = states.size() * numClasses;
            if (size > transitions.length) {
                int before = transitions.length;
                transitions = Arrays.copyOf(transitions, 2 * before);
                Arrays.fill(transitions, before, transitions.length, UNKNOWN);
            }
        }
        return number;
    }
}
