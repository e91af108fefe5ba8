package io.moonglass.loader.template;

import com.hubspot.jinjava.interpret.NullValue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/// What Python does with values of several types, where Jinjava does otherwise; and the limits of
/// what a template may build.
final class PythonValues {

    /// Items of a list or a dict.
    static final int MAX_SIZE = 100_000;

    /// Characters of a string, and of all output.
    static final int MAX_LENGTH = 32 << 20;

    private PythonValues() {}

    static boolean isUndefined(Object value) {
        return value == null || value instanceof NullValue;
    }

    /// `str(value)`; nothing for what is undefined.
    static String str(Object value) {
        return switch (value) {
            case null -> "";
            case NullValue _ -> "";
            case Boolean flag -> flag ? "True" : "False";
            case Map<?, ?> _, Collection<?> _ -> PythonRepr.of(value);
            case CharSequence _, Number _ -> value.toString();
            default -> throw new IllegalArgumentException("the value cannot be printed");
        };
    }

    /// An integer, as an index or a count.
    static long integer(Object value) {
        if (value instanceof Long || value instanceof Integer || value instanceof Short) {
            return ((Number) value).longValue();
        }
        throw new IllegalArgumentException(str(value) + " is no integer");
    }

    /// `left == right`: no value equals one of another kind, save numbers.
    static boolean equal(Object left, Object right) {
        if (isUndefined(left) || isUndefined(right)) {
            return isUndefined(left) && isUndefined(right);
        }
        if (left instanceof Number a && right instanceof Number b) {
            return a.doubleValue() == b.doubleValue();
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            return new ArrayList<>(a).equals(new ArrayList<>(b));
        }
        return left.equals(right);
    }

    static void checkSize(long size) {
        if (size > MAX_SIZE) {
            throw new StopRendering(
                    "builds a collection of more than %,d items".formatted(MAX_SIZE));
        }
    }

    static void checkLength(long length) {
        if (length > MAX_LENGTH) {
            throw new StopRendering(
                    "builds a text of more than %,d characters".formatted(MAX_LENGTH));
        }
    }
}
