package io.moonglass.runtime.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// One generation of an automaton's states: each state and each stack is there once. When it has grown too
/// large the automaton begins a new one, and answers move over.
final class StateTable {

    private final Map<State, State> states = new ConcurrentHashMap<>();
    private final Map<StackNode, StackNode> nodes = new ConcurrentHashMap<>();
    private final AtomicInteger nextId = new AtomicInteger(1);
    private final AtomicLong bytes = new AtomicLong();

    long bytes() {
        return bytes.get();
    }

    StackNode node(int[] returns, StackNode[] parents) {
        StackNode fresh = new StackNode(nextId.getAndIncrement(), returns, parents);
        StackNode present = nodes.putIfAbsent(fresh, fresh);
        if (present == null) {
            bytes.addAndGet(fresh.bytes());
            return fresh;
        }
        return present;
    }

    State state(
            int[] positions, StackNode[] stacks, boolean accepting, int numClasses, int effort) {
        State fresh = new State(this, positions, stacks, accepting, numClasses, effort);
        State present = states.putIfAbsent(fresh, fresh);
        if (present == null) {
            bytes.addAndGet(fresh.bytes());
            return fresh;
        }
        return present;
    }

    /// A state of another generation as one of this.
    State adopt(State foreign) {
        StackNode[] stacks = new StackNode[foreign.nodes.length];
        Map<StackNode, StackNode> adopted = new IdentityHashMap<>();
        adopted.put(StackNode.BOTTOM, StackNode.BOTTOM);
        for (int i = 0; i < stacks.length; i++) {
            stacks[i] = adopt(foreign.nodes[i], adopted);
        }
        return state(
                foreign.positions, stacks, foreign.accepting, foreign.next.length, foreign.effort);
    }

    /// Parents first; stacks can be too long for recursion.
    private StackNode adopt(StackNode foreign, Map<StackNode, StackNode> adopted) {
        Deque<StackNode> waiting = new ArrayDeque<>();
        waiting.push(foreign);
        while (!waiting.isEmpty()) {
            StackNode node = waiting.peek();
            List<StackNode> missing = new ArrayList<>();
            for (StackNode parent : node.parents) {
                if (!adopted.containsKey(parent)) {
                    missing.add(parent);
                }
            }
            if (missing.isEmpty()) {
                waiting.pop();
                if (!adopted.containsKey(node)) {
                    StackNode[] parents = new StackNode[node.parents.length];
                    for (int i = 0; i < parents.length; i++) {
                        parents[i] = adopted.get(node.parents[i]);
                    }
                    adopted.put(node, node(node.returns, parents));
                }
            } else {
                missing.forEach(waiting::push);
            }
        }
        return adopted.get(foreign);
    }
}
