package io.moonglass.runtime.grammar;

import java.util.ArrayList;
import java.util.List;

/// A regular expression with its anchors worked in.
final class Regex {

    private static final Expression ANY_TEXT =
            Expression.anyNumberOf(new Expression.Characters(CodePoints.ALL));

    private final Compilation compilation;
    private final String where;

    private Regex(Compilation compilation, String where) {
        this.compilation = compilation;
        this.where = where;
    }

    /// The texts that match as a whole.
    static Expression whole(Compilation compilation, String where, String pattern) {
        return new Regex(compilation, where)
                .anchored(RegexParser.parse(compilation, where, pattern), Expression.EMPTY);
    }

    /// The texts that hold a match.
    static Expression search(Compilation compilation, String where, String pattern) {
        return new Regex(compilation, where)
                .anchored(RegexParser.parse(compilation, where, pattern), ANY_TEXT);
    }

    /// @param beyond what comes before a match's start and after its end where no anchor stands
    private Expression anchored(RegexSyntax syntax, Expression beyond) {
        return expression(syntax, beyond, beyond);
    }

    /// @param before what comes first if no anchor forbids it; null inside of a pattern, where an anchor would never hold
    /// @param after  the same for what comes last
    private Expression expression(RegexSyntax syntax, Expression before, Expression after) {
        return switch (syntax) {
            case RegexSyntax.Plain(Expression plain) -> {
                List<Expression> parts = new ArrayList<>();
                addUnlessEmpty(before, parts);
                parts.add(plain);
                addUnlessEmpty(after, parts);
                yield parts.size() == 1 ? plain : new Expression.Sequence(parts);
            }
            case RegexSyntax.Alternatives(List<RegexSyntax> options) ->
                    new Expression.Alternatives(
                            options.stream()
                                    .map(option -> expression(option, before, after))
                                    .toList());
            case RegexSyntax.Sequence(List<RegexSyntax> parts) -> sequence(parts, before, after);
            case RegexSyntax.Repetition(RegexSyntax body, int min, int max) -> {
                // Anchors inside would be inside of the pattern, unless nothing is repeated.
                Expression repeated =
                        new Expression.Repetition(expression(body, null, null), min, max);
                yield expression(new RegexSyntax.Plain(repeated), before, after);
            }
            case RegexSyntax.Anchor anchor -> sequence(List.of(anchor), before, after);
        };
    }

    private Expression sequence(List<RegexSyntax> parts, Expression before, Expression after) {
        int from = 0;
        int to = parts.size();
        Expression first = before;
        Expression last = after;
        while (from < to
                && parts.get(from) instanceof RegexSyntax.Anchor(boolean isStart, _)
                && isStart) {
            checkAnchor(parts.get(from), before);
            first = Expression.EMPTY;
            from++;
        }
        while (to > from
                && parts.get(to - 1) instanceof RegexSyntax.Anchor(boolean isStart, _)
                && !isStart) {
            checkAnchor(parts.get(to - 1), after);
            last = Expression.EMPTY;
            to--;
        }
        List<Expression> compiled = new ArrayList<>();
        if (from == to) {
            addUnlessEmpty(first, compiled);
            addUnlessEmpty(last, compiled);
        }
        for (int i = from; i < to; i++) {
            if (parts.get(i) instanceof RegexSyntax.Anchor) {
                checkAnchor(parts.get(i), null);
            }
            // Inside, nothing comes in between: null forbids anchors and adds nothing.
            compiled.add(
                    expression(parts.get(i), i == from ? first : null, i == to - 1 ? last : null));
        }
        return compiled.size() == 1 ? compiled.getFirst() : new Expression.Sequence(compiled);
    }

    private static void addUnlessEmpty(Expression expression, List<Expression> parts) {
        if (expression != null && !expression.equals(Expression.EMPTY)) {
            parts.add(expression);
        }
    }

    private void checkAnchor(RegexSyntax syntax, Expression beyond) {
        if (beyond == null && syntax instanceof RegexSyntax.Anchor(boolean isStart, int at)) {
            throw compilation.refusedAt(
                    where,
                    "character %d: %s is supported at the ends of the pattern only; take it out"
                            .formatted(at + 1, isStart ? "^" : "$"));
        }
    }
}
