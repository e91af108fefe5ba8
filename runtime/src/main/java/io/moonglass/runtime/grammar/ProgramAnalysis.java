package io.moonglass.runtime.grammar;

import io.moonglass.runtime.grammar.EdgeList.End;
import io.moonglass.runtime.grammar.EdgeList.Groups;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.StringJoiner;

/// What has to be known of a grammar before it can be run: which positions lead to a sentence, which rules
/// may be empty, which begin with which.
final class ProgramAnalysis {

    private static final int UNKNOWN = -1;

    private final Rules rules;
    private final Compilation compilation;
    private final ProgramEdges edges;
    private final int numPositions;
    private final int numRules;
    private final int[] ruleAtEntry;
    private final Groups callsByRule;
    private final Groups callsByReturn;
    private final Groups callsByFrom;
    private final Groups epsilonsByFrom;
    private final Groups epsilonsByTo;

    private final boolean[] isFinal;
    private final boolean[] isTail;
    private final int[] depthNeeded;
    private final boolean[] nullable;
    private final int[] ranks;

    private ProgramAnalysis(Rules rules, ProgramEdges edges) {
        this.rules = rules;
        this.compilation = rules.compilation();
        this.edges = edges;
        this.numPositions = edges.numPositions;
        this.numRules = edges.entries.size();
        this.ruleAtEntry = new int[numPositions];
        Arrays.fill(ruleAtEntry, UNKNOWN);
        for (int rule = 0; rule < numRules; rule++) {
            ruleAtEntry[edges.entries.get(rule)] = rule;
        }
        this.callsByRule = edges.calls.groupedBy(End.LABEL, numRules);
        this.callsByReturn = edges.calls.groupedBy(End.TO, numPositions);
        this.callsByFrom = edges.calls.groupedBy(End.FROM, numPositions);
        this.epsilonsByFrom = edges.epsilons.groupedBy(End.FROM, numPositions);
        this.epsilonsByTo = edges.epsilons.groupedBy(End.TO, numPositions);
        this.isFinal = new boolean[numPositions];
        this.isTail = new boolean[numPositions];
        findEnds();
        this.depthNeeded = depthNeeded();
        this.nullable = nullable();
        this.ranks = new int[numRules];
    }

    static Program finish(Rules rules, ProgramEdges edges) {
        ProgramAnalysis analysis = new ProgramAnalysis(rules, edges);
        analysis.checkProductive();
        analysis.rank();
        return analysis.program();
    }

    /// By position, or [#UNKNOWN] where no text leads to the rule's end. Positions are settled in the order of
    /// their depth, each once.
    ///
    /// Source: Knuth 1977, "A Generalization of Dijkstra's Algorithm".
    private int[] depthNeeded() {
        Groups bytesByTo = edges.byteEdges.groupedBy(End.TO, numPositions);
        int[] depth = new int[numPositions];
        Arrays.fill(depth, UNKNOWN);
        List<IntList> waiting = new ArrayList<>();
        waiting.add(new IntList());
        for (int rule = 0; rule < numRules; rule++) {
            waiting.getFirst().add(edges.finals.get(rule));
        }
        waiting.getFirst().add(edges.acceptPosition);
        for (int level = 0; level < waiting.size(); level++) {
            IntList positions = waiting.get(level);
            compilation.checkTime();
            while (!positions.isEmpty()) {
                int position = positions.removeLast();
                if (depth[position] != UNKNOWN) {
                    continue;
                }
                depth[position] = level;
                addSources(edges.byteEdges, bytesByTo, position, positions);
                addSources(edges.epsilons, epsilonsByTo, position, positions);
                for (int i = callsByReturn.start(position); i < callsByReturn.end(position); i++) {
                    int call = callsByReturn.edges()[i];
                    int inside = depth[edges.entries.get(edges.calls.label(call))];
                    if (inside != UNKNOWN) {
                        put(
                                waiting,
                                Math.max(level, inside + depthOfCall(call)),
                                edges.calls.from(call));
                    }
                }
                int rule = ruleAtEntry[position];
                if (rule != UNKNOWN) {
                    for (int i = callsByRule.start(rule); i < callsByRule.end(rule); i++) {
                        int call = callsByRule.edges()[i];
                        int after = depth[edges.calls.to(call)];
                        if (after != UNKNOWN) {
                            put(
                                    waiting,
                                    Math.max(level + depthOfCall(call), after),
                                    edges.calls.from(call));
                        }
                    }
                }
            }
        }
        return depth;
    }

    /// A call that is the last thing of its rule takes the rule's place.
    private int depthOfCall(int call) {
        return isTail[edges.calls.to(call)] ? 0 : 1;
    }

    private void findEnds() {
        Groups bytes = edges.byteEdges.groupedBy(End.FROM, numPositions);
        for (int rule = 0; rule < numRules; rule++) {
            isFinal[edges.finals.get(rule)] = true;
        }
        isFinal[edges.acceptPosition] = true;
        // The builder numbers what follows an alternative before the alternative, so one pass is
        // enough.
        for (int p = 0; p < numPositions; p++) {
            int numEpsilons = epsilonsByFrom.end(p) - epsilonsByFrom.start(p);
            if (bytes.start(p) == bytes.end(p) && callsByFrom.start(p) == callsByFrom.end(p)) {
                isTail[p] =
                        isFinal[p]
                                ? numEpsilons == 0
                                : numEpsilons == 1
                                        && isTail[
                                                edges.epsilons.to(
                                                        epsilonsByFrom
                                                                .edges()[epsilonsByFrom.start(p)])];
            }
        }
    }

    private static void addSources(EdgeList list, Groups byTo, int position, IntList into) {
        for (int i = byTo.start(position); i < byTo.end(position); i++) {
            into.add(list.from(byTo.edges()[i]));
        }
    }

    private static void put(List<IntList> waiting, int level, int position) {
        while (waiting.size() <= level) {
            waiting.add(new IntList());
        }
        waiting.get(level).add(position);
    }

    private boolean[] nullable() {
        boolean[] isNullable = new boolean[numRules];
        BitSet canEnd = new BitSet(numPositions); // without reading anything
        IntList waiting = new IntList();
        for (int rule = 0; rule < numRules; rule++) {
            waiting.add(edges.finals.get(rule));
        }
        while (!waiting.isEmpty()) {
            int position = waiting.removeLast();
            if (canEnd.get(position)) {
                continue;
            }
            canEnd.set(position);
            addSources(edges.epsilons, epsilonsByTo, position, waiting);
            for (int i = callsByReturn.start(position); i < callsByReturn.end(position); i++) {
                int call = callsByReturn.edges()[i];
                if (isNullable[edges.calls.label(call)]) {
                    waiting.add(edges.calls.from(call));
                }
            }
            int rule = ruleAtEntry[position];
            if (rule != UNKNOWN) {
                isNullable[rule] = true;
                for (int i = callsByRule.start(rule); i < callsByRule.end(rule); i++) {
                    int call = callsByRule.edges()[i];
                    if (canEnd.get(edges.calls.to(call))) {
                        waiting.add(edges.calls.from(call));
                    }
                }
            }
        }
        return isNullable;
    }

    private boolean leadsNowhere(int position) {
        return depthNeeded[position] == UNKNOWN;
    }

    private boolean isProductive(int rule) {
        return !leadsNowhere(edges.entries.get(rule));
    }

    /// Refuses a grammar without sentences, and one whose shortest sentence is too deep, naming the innermost rule at fault.
    private void checkProductive() {
        int depth = depthNeeded[edges.entries.get(Rules.ROOT)];
        if (depth + 1 > compilation.limits().maxStackDepth()) {
            throw compilation.refusedAt(
                    rules.name(Rules.ROOT),
                    "every answer has %,d rules inside each other, the limit is %,d; send a flatter grammar"
                            .formatted(depth, compilation.limits().maxStackDepth()));
        }
        if (isProductive(Rules.ROOT)) {
            return;
        }
        Groups bytesByFrom = edges.byteEdges.groupedBy(End.FROM, numPositions);
        BitSet seen = new BitSet();
        int rule = Rules.ROOT;
        int next = rule;
        while (next != UNKNOWN && !seen.get(next)) {
            rule = next;
            seen.set(rule);
            next = unproductiveCallee(rule, bytesByFrom);
        }
        boolean endless = next != UNKNOWN;
        throw compilation.refusedAt(
                rules.name(rule),
                endless
                        ? "no answer can meet this: it always holds another one of itself, without end; make that optional"
                        : "no answer can meet this; take out what contradicts");
    }

    private int unproductiveCallee(int rule, Groups bytesByFrom) {
        compilation.checkTime();
        for (int position : reached(rule, bytesByFrom)) {
            for (int i = callsByFrom.start(position); i < callsByFrom.end(position); i++) {
                int called = edges.calls.label(callsByFrom.edges()[i]);
                if (!isProductive(called)) {
                    return called;
                }
            }
        }
        return UNKNOWN;
    }

    /// Positions of a rule.
    ///
    /// @param bytesByFrom null for those positions only that come before the first byte and lead to a sentence
    private int[] reached(int rule, Groups bytesByFrom) {
        boolean overBytes = bytesByFrom != null;
        BitSet seen = new BitSet();
        IntList found = new IntList();
        IntList waiting = new IntList();
        waiting.add(edges.entries.get(rule));
        while (!waiting.isEmpty()) {
            int position = waiting.removeLast();
            if (seen.get(position) || !overBytes && leadsNowhere(position)) {
                continue;
            }
            seen.set(position);
            found.add(position);
            for (int i = epsilonsByFrom.start(position); i < epsilonsByFrom.end(position); i++) {
                waiting.add(edges.epsilons.to(epsilonsByFrom.edges()[i]));
            }
            for (int i = callsByFrom.start(position); i < callsByFrom.end(position); i++) {
                int call = callsByFrom.edges()[i];
                if (overBytes || nullable[edges.calls.label(call)]) {
                    waiting.add(edges.calls.to(call));
                }
            }
            if (overBytes) {
                for (int i = bytesByFrom.start(position); i < bytesByFrom.end(position); i++) {
                    waiting.add(edges.byteEdges.to(bytesByFrom.edges()[i]));
                }
            }
        }
        return found.toArray();
    }

    /// Orders rules by which can begin with which; a rule that can begin with itself would never be done calling.
    private void rank() {
        int[][] beginsWith = new int[numRules][];
        for (int rule = 0; rule < numRules; rule++) {
            compilation.checkTime();
            BitSet called = new BitSet();
            for (int position : reached(rule, null)) {
                for (int i = callsByFrom.start(position); i < callsByFrom.end(position); i++) {
                    int call = callsByFrom.edges()[i];
                    if (isLive(call)) {
                        called.set(edges.calls.label(call));
                    }
                }
            }
            beginsWith[rule] = called.stream().toArray();
        }
        int rank = numRules;
        int[] nextChild = new int[numRules];
        boolean[] onPath = new boolean[numRules];
        for (int first = 0; first < numRules; first++) {
            IntList path = new IntList();
            if (nextChild[first] == 0) {
                path.add(first);
                onPath[first] = true;
            }
            while (!path.isEmpty()) {
                int rule = path.get(path.size() - 1);
                if (nextChild[rule] == beginsWith[rule].length) {
                    nextChild[rule]++; // done, also where there are no children
                    onPath[rule] = false;
                    ranks[rule] = --rank;
                    path.removeLast();
                    continue;
                }
                int child = beginsWith[rule][nextChild[rule]++];
                if (onPath[child]) {
                    throw leftRecursive(path, child);
                }
                if (nextChild[child] == 0) {
                    path.add(child);
                    onPath[child] = true;
                }
            }
        }
    }

    private RuntimeException leftRecursive(IntList path, int rule) {
        StringJoiner cycle = new StringJoiner(" -> ");
        boolean inCycle = false;
        int shown = 0;
        for (int i = 0; i < path.size(); i++) {
            inCycle |= path.get(i) == rule;
            if (inCycle && shown++ < 8) {
                cycle.add(rules.name(path.get(i)));
            }
        }
        cycle.add(shown > 8 ? "..." : rules.name(rule));
        return compilation.refusedAt(
                rules.name(rule),
                "begins with itself (%s); let something come before the repetition"
                        .formatted(cycle));
    }

    private boolean isLive(int call) {
        return isProductive(edges.calls.label(call)) && !leadsNowhere(edges.calls.to(call));
    }

    private Program program() {
        Groups bytes =
                edges.byteEdges.groupedBy(
                        End.FROM, numPositions, edge -> !leadsNowhere(edges.byteEdges.to(edge)));
        Groups epsilons =
                edges.epsilons.groupedBy(
                        End.FROM, numPositions, edge -> !leadsNowhere(edges.epsilons.to(edge)));
        Groups calls = edges.calls.groupedBy(End.FROM, numPositions, this::isLive);
        int[] lows = new int[bytes.edges().length];
        int[] highs = new int[lows.length];
        BitSet boundaries = new BitSet();
        for (int i = 0; i < lows.length; i++) {
            int label = edges.byteEdges.label(bytes.edges()[i]);
            lows[i] = label >> 8;
            highs[i] = label & 0xff;
            boundaries.set(lows[i]);
            boundaries.set(highs[i] + 1);
        }
        int[] byteClasses = new int[256];
        IntList representatives = new IntList();
        for (int value = 0; value < 256; value++) {
            if (value == 0 || boundaries.get(value)) {
                representatives.add(value);
            }
            byteClasses[value] = representatives.size() - 1;
        }
        return new Program(
                bytes.starts(),
                lows,
                highs,
                Arrays.stream(bytes.edges()).map(edges.byteEdges::to).toArray(),
                epsilons.starts(),
                Arrays.stream(epsilons.edges()).map(edges.epsilons::to).toArray(),
                calls.starts(),
                Arrays.stream(calls.edges()).map(edges.calls::label).toArray(),
                Arrays.stream(calls.edges()).map(edges.calls::to).toArray(),
                isFinal,
                isTail,
                depthNeeded,
                edges.acceptPosition,
                edges.entries.toArray(),
                nullable,
                ranks,
                byteClasses,
                representatives.toArray());
    }
}
