package io.moonglass.runtime.grammar;

import io.moonglass.runtime.grammar.Expression.Characters;
import io.moonglass.runtime.grammar.Expression.Literal;
import io.moonglass.runtime.grammar.Expression.Reference;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Rules for JSON values of which nothing but the type is known.
final class AnyJson {

    private static final Expression DIGIT = new Characters(CharacterClasses.DIGIT);
    private static final Expression UNSIGNED =
            Expression.either(
                    new Literal("0"),
                    Expression.sequence(
                            new Characters(CodePoints.range('1', '9')),
                            new Expression.Repetition(DIGIT, 0, 14)));

    /// Finite in every reader's arithmetic: at most 15 digits before the point and an exponent of two.
    private static final Expression NUMBER =
            Expression.sequence(
                    Expression.optional(new Literal("-")),
                    UNSIGNED,
                    Expression.optional(
                            Expression.sequence(
                                    new Literal("."), new Expression.Repetition(DIGIT, 1, 15))),
                    Expression.optional(
                            Expression.sequence(
                                    new Characters(CodePoints.of("eE")),
                                    Expression.optional(new Characters(CodePoints.of("+-"))),
                                    new Expression.Repetition(DIGIT, 1, 2))));

    private static final NumberRange LONG =
            new NumberRange(
                    BigDecimal.valueOf(Long.MIN_VALUE),
                    false,
                    BigDecimal.valueOf(Long.MAX_VALUE),
                    false,
                    null,
                    true);

    private final Rules rules;
    private final String name;
    private final Map<JsonType, Expression> byType = new EnumMap<>(JsonType.class);
    private Expression value;

    AnyJson(Rules rules) {
        this.rules = rules;
        this.name = rules.name(Rules.ROOT);
    }

    Expression value() {
        if (value == null) {
            int rule = rules.reserve(name);
            value = new Reference(rule);
            rules.define(
                    rule,
                    Expression.either(
                            of(JsonType.OBJECT),
                            of(JsonType.ARRAY),
                            of(JsonType.STRING),
                            of(JsonType.FRACTION),
                            of(JsonType.BOOLEAN),
                            of(JsonType.NULL)));
        }
        return value;
    }

    Expression object() {
        return of(JsonType.OBJECT);
    }

    /// Values of some types; numbers of all kinds if fractions are among them.
    Expression of(Set<JsonType> types) {
        List<Expression> options =
                types.stream()
                        .filter(type ->
                                type != JsonType.INTEGER || !types.contains(JsonType.FRACTION))
                        .map(this::of)
                        .toList();
        return options.size() == 1 ? options.getFirst() : new Expression.Alternatives(options);
    }

    private Expression of(JsonType type) {
        Expression known = byType.get(type);
        if (known == null) {
            int rule = rules.reserve(name);
            known = new Reference(rule);
            byType.put(type, known);
            rules.define(rule, body(type));
        }
        return known;
    }

    private Expression body(JsonType type) {
        return switch (type) {
            case OBJECT ->
                    inBrackets(
                            "{",
                            Expression.sequence(of(JsonType.STRING), JsonText.COLON, value()),
                            "}");
            case ARRAY -> inBrackets("[", value(), "]");
            case STRING -> JsonText.STRING;
            case INTEGER -> new Expression.Finite(NumberAutomaton.of(rules.compilation(), LONG));
            case FRACTION -> NUMBER;
            case BOOLEAN -> Expression.either(new Literal("true"), new Literal("false"));
            case NULL -> new Literal("null");
        };
    }

    private static Expression inBrackets(String open, Expression member, String close) {
        return Expression.sequence(
                new Literal(open),
                Expression.optional(
                        Expression.sequence(
                                member,
                                Expression.anyNumberOf(
                                        Expression.sequence(JsonText.COMMA, member)))),
                new Literal(close));
    }
}
