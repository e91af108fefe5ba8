package io.moonglass.runtime.grammar;

import java.util.List;

/// What a rule says: the form that all front ends write and [ProgramBuilder] reads.
sealed interface Expression {

    int UNBOUNDED = Integer.MAX_VALUE;

    Expression EMPTY = new Sequence(List.of());

    /// What no text meets.
    Expression NOTHING = new Alternatives(List.of());

    /// @param text well-formed UTF-16: no surrogate alone
    record Literal(String text) implements Expression {}

    /// One character of a set, in UTF-8.
    record Characters(CodePoints set) implements Expression {}

    record Sequence(List<Expression> parts) implements Expression {}

    record Alternatives(List<Expression> options) implements Expression {}

    /// @param max [#UNBOUNDED] for no limit
    record Repetition(Expression body, int min, int max) implements Expression {}

    /// What another rule says.
    record Reference(int rule) implements Expression {}

    /// What an automaton over bytes accepts.
    record Finite(FiniteAutomaton automaton) implements Expression {}

    static Expression sequence(Expression... parts) {
        return new Sequence(List.of(parts));
    }

    static Expression either(Expression... options) {
        return new Alternatives(List.of(options));
    }

    static Expression optional(Expression body) {
        return new Repetition(body, 0, 1);
    }

    static Expression anyNumberOf(Expression body) {
        return new Repetition(body, 0, UNBOUNDED);
    }

    static Expression literal(String text) {
        return new Literal(text);
    }
}
