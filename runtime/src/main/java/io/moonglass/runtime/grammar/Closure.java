package io.moonglass.runtime.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Finds the state that positions make: follows steps that read nothing, calls and returns, up to the
/// positions that read a byte.
///
/// All calls of a rule after the same bytes share one stack node. Nodes made here are called pending: callers
/// join them until all are found. A rule that ends without having read anything is known beforehand
/// (nullable), so a pending node is never returned from.
///
/// Limits take ways out, never all of them: every position that is kept has a way to a sentence within the limits.
///
/// Source: Scott and Johnstone 2010, "GLL Parsing".
final class Closure {

    private static final int MAX_ITEMS = 2048;
    private static final int MAX_STEPS = 16 << 10;
    private static final int ENOUGH_ITEMS = 256;
    private static final int NOT_PENDING = -1;

    /// A position, on a node or on the pending node of a rule.
    private record Item(int position, StackNode node, int pendingRule) {}

    private final Program program;
    private final StateTable table;
    private final int maxDepth;
    private final List<Item> waiting = new ArrayList<>();
    private final Set<Item> seen = new HashSet<>();
    private final List<Item> reading = new ArrayList<>();
    private final Map<Integer, List<Item>> callersByRule = new HashMap<>();
    private final Map<Integer, StackNode> nodesByRule = new HashMap<>();
    private boolean accepting;

    /// @param table owns the nodes and takes the state
    Closure(Program program, StateTable table, int maxDepth) {
        this.program = program;
        this.table = table;
        this.maxDepth = maxDepth;
    }

    void add(int position, StackNode node) {
        add(new Item(position, node, NOT_PENDING));
    }

    /// The state of what was added.
    State state() {
        while (!waiting.isEmpty() && !(seen.size() > MAX_STEPS && reading.size() > ENOUGH_ITEMS)) {
            follow(waiting.removeLast());
        }
        if (reading.isEmpty() && !accepting) {
            return State.DEAD;
        }
        makeNodes();
        StackedPosition[] items = items();
        int[] positions = new int[items.length];
        StackNode[] nodes = new StackNode[items.length];
        for (int i = 0; i < items.length; i++) {
            positions[i] = items[i].position();
            nodes[i] = items[i].node();
        }
        return items.length == 0 && !accepting
                ? State.DEAD
                : table.state(positions, nodes, accepting, program.numClasses(), seen.size());
    }

    private void add(Item item) {
        if (seen.add(item)) {
            waiting.add(item);
        }
    }

    private void follow(Item item) {
        int position = item.position;
        if (program.byteStarts()[position] < program.byteStarts()[position + 1]) {
            reading.add(item);
        }
        for (int i = program.epsilonStarts()[position];
                i < program.epsilonStarts()[position + 1];
                i++) {
            add(new Item(program.epsilonTargets()[i], item.node, item.pendingRule));
        }
        for (int i = program.callStarts()[position]; i < program.callStarts()[position + 1]; i++) {
            call(
                    program.callRules()[i],
                    new Item(program.callReturns()[i], item.node, item.pendingRule));
        }
        if (program.isFinal()[position] && item.pendingRule == NOT_PENDING) {
            StackNode node = item.node;
            accepting |= node == StackNode.BOTTOM;
            for (int i = 0; i < node.returns.length; i++) {
                add(node.returns[i], node.parents[i]);
            }
        }
    }

    private void call(int rule, Item caller) {
        List<Item> callers = callersByRule.get(rule);
        if (callers == null) {
            callers = new ArrayList<>();
            callersByRule.put(rule, callers);
            add(new Item(program.entries()[rule], null, rule));
        }
        callers.add(caller);
        if (program.isNullable()[rule]) {
            add(caller);
        }
    }

    /// Callers' nodes are made before those of the called.
    private void makeNodes() {
        List<Integer> called = new ArrayList<>(callersByRule.keySet());
        called.sort(Comparator.comparingInt(rule -> program.ranks()[rule]));
        for (int rule : called) {
            List<StackedPosition> frames = new ArrayList<>();
            for (Item caller : callersByRule.get(rule)) {
                StackNode node = node(caller);
                if (node != null) {
                    addFrame(caller.position, node, frames);
                }
            }
            if (!frames.isEmpty()) {
                nodesByRule.put(rule, node(frames));
            }
        }
    }

    private StackNode node(Item item) {
        return item.pendingRule == NOT_PENDING ? item.node : nodesByRule.get(item.pendingRule);
    }

    /// A caller that has nothing left to do is skipped on the way back: its own callers wait in its place, so
    /// lists that are rules which end with themselves do not pile up.
    private void addFrame(int position, StackNode node, List<StackedPosition> frames) {
        if (program.isTail()[position]) {
            for (int i = 0; i < node.returns.length; i++) {
                frames.add(new StackedPosition(node.returns[i], node.parents[i]));
            }
        } else if (node.depth + program.depthNeeded()[position] <= maxDepth) {
            frames.add(new StackedPosition(position, node));
        }
    }

    /// Where callers are too many or wait too long a chain, the one with the shortest way down is kept.
    private StackNode node(List<StackedPosition> found) {
        StackedPosition[] frames = sortedOnce(found);
        StackedPosition shallowest = frames[0];
        boolean fits = frames.length <= MAX_ITEMS;
        for (StackedPosition frame : frames) {
            shallowest = frame.node().depth < shallowest.node().depth ? frame : shallowest;
            fits &= frame.node().length < 2 * maxDepth;
        }
        if (!fits) {
            List<StackedPosition> kept = new ArrayList<>();
            for (StackedPosition frame : frames) {
                if (frame == shallowest
                        || kept.size() < MAX_ITEMS - 1 && frame.node().length < 2 * maxDepth) {
                    kept.add(frame);
                }
            }
            frames = kept.toArray(StackedPosition[]::new);
        }
        int[] returns = new int[frames.length];
        StackNode[] parents = new StackNode[frames.length];
        for (int i = 0; i < frames.length; i++) {
            returns[i] = frames[i].position();
            parents[i] = frames[i].node();
        }
        return table.node(returns, parents);
    }

    private StackedPosition[] items() {
        List<StackedPosition> items = new ArrayList<>();
        for (Item item : reading) {
            StackNode node = node(item);
            if (node != null
                    && node.depth + program.depthNeeded()[item.position] <= maxDepth
                    && items.size() < MAX_ITEMS) {
                items.add(new StackedPosition(item.position, node));
            }
        }
        return sortedOnce(items);
    }

    private static StackedPosition[] sortedOnce(List<StackedPosition> found) {
        StackedPosition[] sorted = found.toArray(StackedPosition[]::new);
        Arrays.sort(sorted, StackedPosition.ORDER);
        int length = 0;
        for (StackedPosition each : sorted) {
            if (length == 0 || !sorted[length - 1].isSame(each)) {
                sorted[length++] = each;
            }
        }
        return Arrays.copyOf(sorted, length);
    }
}
