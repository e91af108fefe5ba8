package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;

/// Numbers: by bounds and step.
final class NumberRules {

    private static final int MAX_DIVISOR = 1000;
    private static final int MAX_DIGITS = 40;

    /// Decimal digits that a double keeps apart.
    private static final int NUM_DIGITS = 15;

    private static final BigDecimal LEAST_INTEGER = BigDecimal.valueOf(Long.MIN_VALUE);
    private static final BigDecimal LARGEST_INTEGER = BigDecimal.valueOf(Long.MAX_VALUE);

    private final Compilation compilation;
    private final SchemaValues values;

    NumberRules(Compilation compilation, SchemaValues values) {
        this.compilation = compilation;
        this.values = values;
    }

    Expression number(JsonNode schema, String path, boolean isInteger) {
        BigDecimal minimum = values.number(schema, "minimum", path);
        BigDecimal above = values.number(schema, "exclusiveMinimum", path);
        BigDecimal maximum = values.number(schema, "maximum", path);
        BigDecimal below = values.number(schema, "exclusiveMaximum", path);
        boolean lowExcluded = above != null && (minimum == null || above.compareTo(minimum) >= 0);
        boolean highExcluded = below != null && (maximum == null || below.compareTo(maximum) <= 0);
        BigDecimal low = lowExcluded ? above : minimum;
        BigDecimal high = highExcluded ? below : maximum;
        if (low != null && high != null && low.compareTo(high) > 0) {
            throw impossible(path, low, high);
        }
        NumberRange range =
                within(low, lowExcluded, high, highExcluded, step(schema, path), isInteger);
        if (digits(range.low()) > MAX_DIGITS || digits(range.high()) > MAX_DIGITS) {
            throw compilation.refusedAt(
                    path,
                    "bounds of more than %d digits; ask for smaller numbers".formatted(MAX_DIGITS));
        }
        FiniteAutomaton automaton = NumberAutomaton.of(compilation, range);
        if (!automaton.acceptsAnything()) {
            throw impossible(path, range.low(), range.high());
        }
        return new Expression.Finite(automaton);
    }

    /// Bounds that are not given, or far out, are what a reader's arithmetic holds, as long as something is between them.
    private static NumberRange within(
            BigDecimal low,
            boolean lowExcluded,
            BigDecimal high,
            boolean highExcluded,
            BigDecimal step,
            boolean isInteger) {
        // Readers divide doubles, so what is divided is no more than those hold exactly.
        boolean isLong = isInteger && step == null;
        int decimals = step == null ? 0 : Math.clamp(step.scale(), 0, NUM_DIGITS - 1);
        BigDecimal largestNumber =
                BigDecimal.TEN.pow(NUM_DIGITS - decimals).subtract(BigDecimal.ONE);
        BigDecimal least = isLong ? LEAST_INTEGER : largestNumber.negate();
        BigDecimal largest = isLong ? LARGEST_INTEGER : largestNumber;
        boolean isLow = low != null && low.compareTo(least) >= 0;
        boolean isHigh = high != null && high.compareTo(largest) <= 0;
        BigDecimal from = isLow ? low : least;
        BigDecimal to = isHigh ? high : largest;
        if (from.compareTo(to) >= 0) {
            // One bound lies beyond: go on from there, as far as it has digits.
            BigDecimal room = BigDecimal.TEN.pow(Math.max(digits(from), digits(to)));
            from =
                    isLow
                            ? low
                            : low != null && low.compareTo(to.subtract(room)) > 0
                                    ? low
                                    : to.subtract(room);
            to =
                    isHigh
                            ? high
                            : high != null && high.compareTo(from.add(room)) < 0
                                    ? high
                                    : from.add(room);
            isLow = low != null && from.equals(low);
            isHigh = high != null && to.equals(high);
        }
        return new NumberRange(
                from, isLow && lowExcluded, to, isHigh && highExcluded, step, isInteger);
    }

    private BigDecimal step(JsonNode schema, String path) {
        BigDecimal step = values.number(schema, "multipleOf", path);
        if (step == null) {
            return null;
        }
        if (step.signum() <= 0) {
            throw values.wrong(
                    path, "multipleOf", schema.get("multipleOf"), "want a number above 0");
        }
        BigDecimal whole = step.movePointRight(Math.max(0, step.scale()));
        if (whole.compareTo(BigDecimal.valueOf(MAX_DIVISOR)) > 0) {
            throw values.wrong(
                    path,
                    "multipleOf",
                    schema.get("multipleOf"),
                    "without its point it may be %d at most; leave it out".formatted(MAX_DIVISOR));
        }
        return step;
    }

    private static int digits(BigDecimal value) {
        BigInteger whole = value.abs().toBigInteger();
        return whole.toString().length();
    }

    private RuntimeException impossible(String path, BigDecimal low, BigDecimal high) {
        return compilation.refusedAt(
                path,
                "no number is between %s and %s and meets the other conditions"
                        .formatted(low, high));
    }
}
