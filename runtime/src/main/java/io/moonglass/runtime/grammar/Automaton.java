package io.moonglass.runtime.grammar;

import java.util.concurrent.atomic.AtomicReference;

/// A grammar as an automaton over bytes whose states are found when they are first reached. With recursion
/// there is no end of states, so stacks are part of them. Safe to use from any thread.
final class Automaton {

    private static final long MAX_TABLE_BYTES = 8 << 20;

    private final Program program;
    private final int maxDepth;
    private final long maxTableBytes;
    private final AtomicReference<StateTable> table = new AtomicReference<>(new StateTable());

    Automaton(Program program, int maxDepth) {
        this(program, maxDepth, MAX_TABLE_BYTES);
    }

    /// @param maxTableBytes about how much states may take before a new table is begun
    Automaton(Program program, int maxDepth, long maxTableBytes) {
        this.program = program;
        this.maxDepth = maxDepth;
        this.maxTableBytes = maxTableBytes;
    }

    static Automaton of(Compilation compilation, Expression expression) {
        return of(Rules.of(compilation, expression));
    }

    static Automaton of(Rules rules) {
        return new Automaton(
                ProgramBuilder.build(rules), rules.compilation().limits().maxStackDepth());
    }

    /// Before the first byte.
    State start() {
        StateTable now = table();
        Closure closure = new Closure(program, now, maxDepth);
        closure.add(
                program.entries()[Rules.ROOT],
                now.node(new int[] {program.acceptPosition()}, new StackNode[] {StackNode.BOTTOM}));
        return closure.state();
    }

    int numClasses() {
        return program.numClasses();
    }

    /// The class of a byte, 0 to 255.
    int byteClass(int value) {
        return program.byteClasses()[value];
    }

    /// By byte. Not to be changed.
    int[] byteClasses() {
        return program.byteClasses();
    }

    int representative(int byteClass) {
        return program.representatives()[byteClass];
    }

    /// @return [State#DEAD] if no sentence goes on so
    State next(State state, int byteClass) {
        if (state.isDead()) {
            return state;
        }
        State next = state.next[byteClass];
        if (next == null) {
            next = find(state, representative(byteClass));
            state.next[byteClass] = next;
        }
        return next;
    }

    State nextByte(State state, int value) {
        return next(state, byteClass(value));
    }

    /// The same state in the table that is filled now. An answer asks for it at every token, so that it never
    /// keeps an old table alive.
    State current(State state) {
        StateTable now = table();
        return state.isDead() || state.table == now ? state : now.adopt(state);
    }

    private StateTable table() {
        StateTable now = table.get();
        if (now.bytes() > maxTableBytes) {
            table.compareAndSet(now, new StateTable());
        }
        return table.get();
    }

    /// Most bytes lead from a state to the same positions as the byte before them, so what those make is remembered.
    private State find(State state, int value) {
        IntList targets = new IntList();
        IntList items = new IntList();
        for (int item = 0; item < state.positions.length; item++) {
            int position = state.positions[item];
            for (int edge = program.byteStarts()[position];
                    edge < program.byteStarts()[position + 1];
                    edge++) {
                if (value >= program.byteLows()[edge] && value <= program.byteHighs()[edge]) {
                    targets.add(program.byteTargets()[edge]);
                    items.add(item);
                }
            }
        }
        if (targets.isEmpty()) {
            return State.DEAD;
        }
        State.Step last = state.lastStep;
        if (last != null && targets.holds(last.targets()) && items.holds(last.items())) {
            return last.next();
        }
        Closure closure = new Closure(program, state.table, maxDepth);
        for (int i = 0; i < targets.size(); i++) {
            closure.add(targets.get(i), state.nodes[items.get(i)]);
        }
        State next = closure.state();
        state.lastStep = new State.Step(targets.toArray(), items.toArray(), next);
        return next;
    }
}
