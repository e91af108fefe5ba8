package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;

/// Reads the values of a schema's keywords, and says which is wrong.
final class SchemaValues {

    /// Digits of a bound, before the point or after it.
    private static final int MAX_DIGITS = 40;

    private final Compilation compilation;

    SchemaValues(Compilation compilation) {
        this.compilation = compilation;
    }

    /// A length or count.
    ///
    /// @return the fallback if the keyword is not there
    long count(JsonNode schema, String keyword, String path, long fallback) {
        JsonNode value = schema.get(keyword);
        if (value == null) {
            return fallback;
        }
        boolean isCount =
                value.isNumber()
                        && value.doubleValue() >= 0
                        && value.doubleValue() == Math.rint(value.doubleValue());
        if (!isCount || Double.isInfinite(value.doubleValue())) {
            throw wrong(path, keyword, value, "want a whole number from 0 up");
        }
        return value.longValue();
    }

    /// At least so many; more than a grammar may repeat is refused.
    int atLeast(JsonNode schema, String keyword, String path) {
        long count = count(schema, keyword, path, 0);
        int limit = compilation.limits().maxRepetitions();
        if (count > limit) {
            throw wrong(
                    path,
                    keyword,
                    schema.get(keyword),
                    "the limit is %,d; ask for less".formatted(limit));
        }
        return (int) count;
    }

    /// At most so many; what is more than a grammar may repeat is as good as the most it may.
    ///
    /// @return [Expression#UNBOUNDED] if the keyword is not there
    int atMost(JsonNode schema, String keyword, String least, String path) {
        long count = count(schema, keyword, path, Expression.UNBOUNDED);
        if (count < count(schema, least, path, 0)) {
            throw compilation.refusedAt(
                    path + "." + keyword,
                    "is %d, and %s is %s; no answer meets both"
                            .formatted(count, least, schema.get(least)));
        }
        return schema.has(keyword)
                ? (int) Math.min(count, compilation.limits().maxRepetitions())
                : Expression.UNBOUNDED;
    }

    /// @return null if the keyword is not there
    BigDecimal number(JsonNode schema, String keyword, String path) {
        JsonNode value = schema.get(keyword);
        if (value == null) {
            return null;
        }
        if (!value.isNumber() || !isFinite(value)) {
            throw wrong(path, keyword, value, "want a number");
        }
        BigDecimal number = value.decimalValue();
        boolean isZero = number.signum() == 0;
        if (isZero) {
            return BigDecimal.ZERO;
        }
        // Zeros are taken off a number of few digits only: this one's exponent may be anything.
        if ((long) number.precision() - number.scale() > 400 || number.scale() > 400) {
            throw wrong(path, keyword, value, "want fewer digits");
        }
        BigDecimal stripped = number.stripTrailingZeros();
        if (stripped.scale() > MAX_DIGITS) {
            throw wrong(path, keyword, value, "want at most %d decimals".formatted(MAX_DIGITS));
        }
        return stripped;
    }

    static boolean isFinite(JsonNode number) {
        return !(number.isDouble() || number.isFloat()) || Double.isFinite(number.doubleValue());
    }

    /// @return null if the keyword is not there
    String text(JsonNode schema, String keyword, String path) {
        JsonNode value = schema.get(keyword);
        if (value == null) {
            return null;
        }
        if (!value.isTextual()) {
            throw wrong(path, keyword, value, "want a string");
        }
        return value.textValue();
    }

    /// A list of at least one and not too many.
    JsonNode list(JsonNode schema, String keyword, String path) {
        JsonNode value = schema.get(keyword);
        if (!value.isArray() || value.isEmpty()) {
            throw wrong(path, keyword, value, "want a list of at least one");
        }
        if (value.size() > compilation.limits().maxChoices()) {
            throw compilation.refusedAt(
                    path + "." + keyword,
                    "%,d values, the limit is %,d; send fewer"
                            .formatted(value.size(), compilation.limits().maxChoices()));
        }
        return value;
    }

    RuntimeException wrong(String path, String keyword, JsonNode value, String want) {
        return compilation.refusedAt(
                path + "." + keyword,
                "is %s; %s".formatted(Compilation.quoted(value.toString()), want));
    }

    /// Refuses text that cannot be written in UTF-8.
    void checkText(String text, String where) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean isPair =
                    Character.isHighSurrogate(c)
                            && i + 1 < text.length()
                            && Character.isLowSurrogate(text.charAt(i + 1));
            if (isPair) {
                i++;
            } else if (Character.isSurrogate(c)) {
                throw compilation.refusedAt(
                        where, "a text with half of a surrogate pair; write the whole character");
            }
        }
    }
}
