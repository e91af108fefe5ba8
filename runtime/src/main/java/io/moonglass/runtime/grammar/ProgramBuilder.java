package io.moonglass.runtime.grammar;

import io.moonglass.runtime.grammar.Expression.Alternatives;
import io.moonglass.runtime.grammar.Expression.Characters;
import io.moonglass.runtime.grammar.Expression.Finite;
import io.moonglass.runtime.grammar.Expression.Literal;
import io.moonglass.runtime.grammar.Expression.Reference;
import io.moonglass.runtime.grammar.Expression.Repetition;
import io.moonglass.runtime.grammar.Expression.Sequence;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// Makes positions and edges of rules: Thompson's construction, over bytes, with calls of other rules.
///
/// Whatever is compiled adds only outgoing edges to the position it begins at, so alternatives can begin at
/// one position.
///
/// Source: Thompson 1968, "Regular Expression Search Algorithm".
final class ProgramBuilder {

    private static final int SHORT_LITERAL = 4;

    private final Rules rules;
    private final Compilation compilation;
    private final ProgramEdges edges = new ProgramEdges();
    private final Map<Expression, Integer> repeatedRules = new IdentityHashMap<>();
    private int rule;

    private ProgramBuilder(Rules rules) {
        this.rules = rules;
        this.compilation = rules.compilation();
    }

    /// @throws io.moonglass.loader.fault.InvalidRequestException if no text meets the grammar, a rule is
    ///     left-recursive, or the grammar goes beyond its limits
    static Program build(Rules rules) {
        ProgramBuilder builder = new ProgramBuilder(rules);
        builder.edges.acceptPosition = builder.newPosition();
        // Repetitions add rules on the way.
        for (builder.rule = 0; builder.rule < rules.size(); builder.rule++) {
            int entry = builder.newPosition();
            builder.edges.entries.add(entry);
            builder.edges.finals.add(builder.compile(rules.body(builder.rule), entry));
        }
        return ProgramAnalysis.finish(rules, builder.edges);
    }

    int newPosition() {
        if (edges.numPositions == compilation.limits().maxPositions()) {
            throw compilation.refusedAt(
                    rules.name(rule),
                    "the grammar has more than %,d states up to here; send a smaller one"
                            .formatted(compilation.limits().maxPositions()));
        }
        if ((edges.numPositions & 0xff) == 0) {
            compilation.checkTime();
        }
        return edges.numPositions++;
    }

    void byteEdge(int from, int low, int high, int to) {
        edges.byteEdges.add(from, low << 8 | high, to);
    }

    /// @return the position where the expression ends
    private int compile(Expression expression, int from) {
        return switch (expression) {
            case Literal(String text) -> compileBytes(text.getBytes(StandardCharsets.UTF_8), from);
            case Characters(CodePoints set) -> {
                int to = newPosition();
                Utf8Paths.add(this, set, from, to);
                yield to;
            }
            case Sequence(List<Expression> parts) -> {
                int at = from;
                for (Expression part : parts) {
                    at = compile(part, at);
                }
                yield at;
            }
            case Alternatives(List<Expression> options) -> compileAlternatives(options, from);
            case Repetition repetition -> compileRepetition(repetition, from);
            case Reference(int called) -> {
                int to = newPosition();
                edges.calls.add(from, called, to);
                yield to;
            }
            case Finite(FiniteAutomaton automaton) -> compileAutomaton(automaton, from);
        };
    }

    private int compileBytes(byte[] bytes, int from) {
        int at = from;
        for (byte value : bytes) {
            int next = newPosition();
            byteEdge(at, value & 0xff, value & 0xff, next);
            at = next;
        }
        return at;
    }

    /// Literals share their beginnings: ten thousand of them are one way through a tree, not ten thousand
    /// positions at once.
    private int compileAlternatives(List<Expression> options, int from) {
        int to = newPosition();
        Map<Long, Integer> tree = new HashMap<>();
        for (Expression option : options) {
            int end = from;
            if (option instanceof Literal(String text)) {
                for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
                    long key = (long) end << 8 | value & 0xff;
                    Integer next = tree.get(key);
                    if (next == null) {
                        next = newPosition();
                        tree.put(key, next);
                        byteEdge(end, value & 0xff, value & 0xff, next);
                    }
                    end = next;
                }
            } else {
                end = compile(option, from);
            }
            edges.epsilons.add(end, 0, to);
        }
        return to;
    }

    private int compileRepetition(Repetition repetition, int from) {
        int copies = repetition.max() == Expression.UNBOUNDED ? repetition.min() : repetition.max();
        Expression body = copies > 1 ? asOneCopy(repetition.body()) : repetition.body();
        int at = from;
        for (int i = 0; i < repetition.min(); i++) {
            at = compile(body, at);
        }
        if (repetition.max() == Expression.UNBOUNDED) {
            int head = newPosition();
            edges.epsilons.add(at, 0, head);
            edges.epsilons.add(compile(repetition.body(), head), 0, head);
            return head;
        }
        int end = newPosition();
        edges.epsilons.add(at, 0, end);
        for (int i = repetition.min(); i < repetition.max(); i++) {
            at = compile(body, at);
            edges.epsilons.add(at, 0, end);
        }
        return end;
    }

    /// What is repeated a number of times becomes a rule, unless it is as small as a call of one.
    private Expression asOneCopy(Expression body) {
        boolean small =
                switch (body) {
                    case Literal(String text) -> text.length() <= SHORT_LITERAL;
                    case Characters(CodePoints set) ->
                            set.isEmpty() || set.last(set.numRanges() - 1) < 0x80;
                    case Reference _ -> true;
                    case Sequence _, Alternatives _, Repetition _, Finite _ -> false;
                };
        return small
                ? body
                : new Reference(
                        repeatedRules.computeIfAbsent(
                                body, _ -> rules.add(rules.name(rule), body)));
    }

    private int compileAutomaton(FiniteAutomaton automaton, int from) {
        int to = newPosition();
        int[] positions = new int[automaton.numStates()];
        for (int state = 0; state < positions.length; state++) {
            positions[state] = newPosition();
            if (automaton.accepts(state)) {
                edges.epsilons.add(positions[state], 0, to);
            }
        }
        edges.epsilons.add(from, 0, positions[0]);
        for (int edge = 0; edge < automaton.numEdges(); edge++) {
            byteEdge(
                    positions[automaton.from(edge)],
                    automaton.low(edge),
                    automaton.high(edge),
                    positions[automaton.to(edge)]);
        }
        return to;
    }
}
