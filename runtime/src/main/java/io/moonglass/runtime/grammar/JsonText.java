package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.node.TextNode;
import io.moonglass.runtime.grammar.Expression.Alternatives;
import io.moonglass.runtime.grammar.Expression.Characters;
import io.moonglass.runtime.grammar.Expression.Finite;
import io.moonglass.runtime.grammar.Expression.Literal;
import io.moonglass.runtime.grammar.Expression.Reference;
import io.moonglass.runtime.grammar.Expression.Repetition;
import io.moonglass.runtime.grammar.Expression.Sequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// How JSON is spelt. White space is one blank at most, after a colon or a comma: without a bound a model can
/// go on with blanks for ever.
final class JsonText {

    private static final CodePoints MUST_BE_ESCAPED =
            CodePoints.range(0, 0x1f).or(CodePoints.of("\"\\"));

    private static final CodePoints HEX =
            CodePoints.range('0', '9')
                    .or(CodePoints.range('a', 'f'))
                    .or(CodePoints.range('A', 'F'));

    private static final Expression BLANK = Expression.optional(new Literal(" "));

    static final Expression COLON = Expression.sequence(new Literal(":"), BLANK);
    static final Expression COMMA = Expression.sequence(new Literal(","), BLANK);

    /// Any character of a string, with every escape that stands for one: never half of a surrogate pair.
    static final Expression CHARACTER =
            Expression.either(
                    new Characters(MUST_BE_ESCAPED.complement()),
                    Expression.sequence(
                            new Literal("\\"),
                            Expression.either(
                                    new Characters(CodePoints.of("\"\\/bfnrt")), unicodeEscape())));

    static final Expression STRING = string(Expression.anyNumberOf(CHARACTER));

    private JsonText() {}

    /// @param content characters as they are spelt in a string
    static Expression string(Expression content) {
        return Expression.sequence(new Literal("\""), content, new Literal("\""));
    }

    /// A string that is known.
    static String quoted(String text) {
        return TextNode.valueOf(text).toString();
    }

    /// A character of a set: as itself, or by the shortest escape if it needs one.
    static Expression character(CodePoints set) {
        CodePoints escaped = set.and(MUST_BE_ESCAPED);
        if (escaped.isEmpty()) {
            return new Characters(set);
        }
        List<Expression> options = new ArrayList<>();
        options.add(new Characters(set.minus(MUST_BE_ESCAPED)));
        for (int i = 0; i < escaped.numRanges(); i++) {
            for (int c = escaped.first(i); c <= escaped.last(i); c++) {
                String quoted = quoted(Character.toString(c));
                options.add(new Literal(quoted.substring(1, quoted.length() - 1)));
            }
        }
        return new Alternatives(options);
    }

    /// Texts, as they are spelt inside of a string. Equal characters stay equal, so that a pattern's spelling
    /// can be spelt only once.
    static Expression spelt(Expression text) {
        return spelt(text, new HashMap<>());
    }

    private static Expression spelt(Expression text, Map<CodePoints, Expression> known) {
        return switch (text) {
            case Characters(CodePoints set) -> known.computeIfAbsent(set, JsonText::character);
            case Literal(String literal) -> {
                String quoted = quoted(literal);
                yield new Literal(quoted.substring(1, quoted.length() - 1));
            }
            case Sequence(List<Expression> parts) ->
                    new Sequence(parts.stream().map(part -> spelt(part, known)).toList());
            case Alternatives(List<Expression> options) ->
                    new Alternatives(options.stream().map(part -> spelt(part, known)).toList());
            case Repetition(Expression body, int min, int max) ->
                    new Repetition(spelt(body, known), min, max);
            case Reference _, Finite _ ->
                    throw new IllegalArgumentException("only what a pattern holds can be spelt");
        };
    }

    private static Expression unicodeEscape() {
        Expression hex = new Characters(HEX);
        Expression notSurrogate =
                Expression.either(
                        Expression.sequence(
                                new Characters(HEX.minus(CodePoints.of("dD"))), hex, hex, hex),
                        Expression.sequence(
                                new Characters(CodePoints.of("dD")),
                                new Characters(CodePoints.range('0', '7')),
                                hex,
                                hex));
        Expression pair =
                Expression.sequence(
                        new Characters(CodePoints.of("dD")),
                        new Characters(CodePoints.of("89abAB")),
                        hex,
                        hex,
                        new Literal("\\u"),
                        new Characters(CodePoints.of("dD")),
                        new Characters(CodePoints.of("cdefCDEF")),
                        hex,
                        hex);
        return Expression.sequence(new Literal("u"), Expression.either(notSurrogate, pair));
    }
}
