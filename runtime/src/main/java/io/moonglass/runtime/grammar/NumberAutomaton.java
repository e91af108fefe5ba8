package io.moonglass.runtime.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/// Decimal spellings of the numbers in a range, digit by digit: while what is written equals a bound's digits so
/// far, the bound says which digits may follow.
///
/// No exponents, and together no more digits than a double keeps apart, unless a bound has more: readers that
/// compare doubles agree. Zero has no sign.
final class NumberAutomaton {

    /// Decimal digits that a double keeps apart.
    private static final int DOUBLE_DIGITS = 15;

    private static final int NO_LIMIT = -1;

    private final NumberRange range;
    private final FiniteAutomaton automaton = new FiniteAutomaton();
    private final Map<Place, Integer> known = new HashMap<>();
    private final Queue<Place> waiting = new ArrayDeque<>();
    private final BigInteger divisor; // of the number times 10^divisorScale
    private final int divisorScale;

    /// Where a spelling has got to.
    ///
    /// @param magnitude        what is compared with: the range, or its mirror image after a sign
    /// @param digitsLeft       of the integer part
    /// @param numDecimals      after the point, or -1 before it
    /// @param maxDecimals      how many there may be
    /// @param isLow            whether all digits so far are the lower bound's
    /// @param isHigh           whether they are the upper bound's
    /// @param remainder        of the digits so far, by the divisor
    private record Place(
            Magnitude magnitude,
            int digitsLeft,
            int numDecimals,
            int maxDecimals,
            boolean isLow,
            boolean isHigh,
            int remainder) {}

    /// A range of numbers from zero up.
    private record Magnitude(
            BigDecimal low, boolean lowExcluded, BigDecimal high, boolean highExcluded) {

        private static int numIntegerDigits(BigDecimal value) {
            return value.toBigInteger().toString().length();
        }

        /// A digit of a bound: `place` 0 is that of ones, -1 that of tenths.
        private static int digit(BigDecimal value, int place) {
            return value.movePointLeft(place).toBigInteger().mod(BigInteger.TEN).intValue();
        }

        private static boolean isZeroFrom(BigDecimal value, int numDecimals) {
            return value.movePointRight(numDecimals).stripTrailingZeros().scale() <= 0;
        }
    }

    private NumberAutomaton(NumberRange range) {
        this.range = range;
        BigDecimal step = range.multipleOf();
        this.divisorScale = step == null ? 0 : Math.max(0, step.stripTrailingZeros().scale());
        this.divisor =
                step == null
                        ? BigInteger.ONE
                        : step.movePointRight(divisorScale).toBigIntegerExact();
    }

    /// @return an automaton that accepts nothing if no number is in the range
    static FiniteAutomaton of(Compilation compilation, NumberRange range) {
        NumberAutomaton made = new NumberAutomaton(range);
        made.explore(compilation);
        return made.automaton;
    }

    private void explore(Compilation compilation) {
        int start = automaton.addState(false);
        BigDecimal zero = BigDecimal.ZERO;
        if (range.high().signum() >= 0) {
            boolean fromZero = range.low().signum() < 0;
            begin(
                    start,
                    new Magnitude(
                            fromZero ? zero : range.low(),
                            !fromZero && range.lowExcluded(),
                            range.high(),
                            range.highExcluded()));
        }
        if (range.low().signum() < 0) {
            boolean toZero = range.high().signum() >= 0;
            int signed = automaton.addState(false);
            automaton.addEdge(start, '-', '-', signed);
            begin(
                    signed,
                    new Magnitude(
                            toZero ? zero : range.high().negate(),
                            toZero || range.highExcluded(),
                            range.low().negate(),
                            range.lowExcluded()));
        }
        while (!waiting.isEmpty()) {
            compilation.checkTime();
            Place place = waiting.remove();
            int from = known.get(place);
            if (place.digitsLeft > 0) {
                addDigits(from, place, place.digitsLeft - 1, 0);
            } else if (place.numDecimals < place.maxDecimals) {
                if (place.numDecimals == 0) {
                    int point = automaton.addState(false);
                    automaton.addEdge(from, '.', '.', point);
                    addDigits(point, place, -1, 0);
                } else {
                    addDigits(from, place, -1 - place.numDecimals, 0);
                }
            }
        }
    }

    private void begin(int from, Magnitude magnitude) {
        int fewest = Magnitude.numIntegerDigits(magnitude.low);
        int most = Magnitude.numIntegerDigits(magnitude.high);
        for (int numDigits = fewest; numDigits <= most; numDigits++) {
            Place place =
                    new Place(
                            magnitude,
                            numDigits,
                            0,
                            maxDecimals(magnitude, numDigits),
                            numDigits == fewest,
                            numDigits == most,
                            0);
            addDigits(from, place, numDigits - 1, numDigits > 1 ? 1 : 0);
        }
    }

    private int maxDecimals(Magnitude magnitude, int numDigits) {
        if (range.isInteger()) {
            return 0;
        }
        if (range.multipleOf() != null) {
            return divisorScale;
        }
        int exact = Math.max(magnitude.low.scale(), magnitude.high.scale());
        return Math.max(DOUBLE_DIGITS - numDigits, exact > 0 ? exact + 1 : 0);
    }

    /// @param place of the digit that is added: 0 for ones
    private void addDigits(int from, Place at, int place, int firstDigit) {
        int low = at.isLow ? Magnitude.digit(at.magnitude.low, place) : NO_LIMIT;
        int high = at.isHigh ? Magnitude.digit(at.magnitude.high, place) : 10;
        for (int digit = Math.max(firstDigit, low); digit <= Math.min(9, high); digit++) {
            Place next =
                    new Place(
                            at.magnitude,
                            Math.max(0, place),
                            place < 0 ? -place : 0,
                            at.maxDecimals,
                            digit == low,
                            digit == high,
                            (int) ((10L * at.remainder + digit) % divisor.intValue()));
            automaton.addEdge(from, '0' + digit, '0' + digit, number(next));
        }
    }

    private int number(Place place) {
        Integer number = known.get(place);
        if (number == null) {
            number = automaton.addState(place.digitsLeft == 0 && isInRange(place));
            known.put(place, number);
            waiting.add(place);
        }
        return number;
    }

    /// What is written is a bound, if it has the bound's digits so far and the bound has no others.
    private boolean isInRange(Place place) {
        Magnitude magnitude = place.magnitude;
        if (place.isLow
                && (magnitude.lowExcluded
                        || !Magnitude.isZeroFrom(magnitude.low, place.numDecimals))) {
            return false;
        }
        if (place.isHigh
                && magnitude.highExcluded
                && Magnitude.isZeroFrom(magnitude.high, place.numDecimals)) {
            return false;
        }
        BigInteger scaled =
                BigInteger.valueOf(place.remainder)
                        .multiply(
                                BigInteger.TEN.pow(
                                        divisorScale - Math.min(divisorScale, place.numDecimals)));
        return scaled.mod(divisor).signum() == 0;
    }
}
