package io.moonglass.runtime;

/// How far a model's logits are from those of a reference, over some positions.
///
/// @param numPositions      tokens that were chosen from logits
/// @param numAgreed         of them, those where both have the same largest logit
/// @param squaredDifference sum over all logits
/// @param squaredReference  sum over all logits
public record LogitDifference(
        long numPositions, long numAgreed, double squaredDifference, double squaredReference) {

    public static final LogitDifference NONE = new LogitDifference(0, 0, 0, 0);

    /// @param actual   `[vocabSize]`
    /// @param expected `[vocabSize]`
    static LogitDifference of(float[] actual, float[] expected) {
        double squaredDifference = 0;
        double squaredReference = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = (double) actual[i] - expected[i];
            squaredDifference += difference * difference;
            squaredReference += (double) expected[i] * expected[i];
        }
        boolean agreed = largest(actual) == largest(expected);
        return new LogitDifference(1, agreed ? 1 : 0, squaredDifference, squaredReference);
    }

    public LogitDifference plus(LogitDifference other) {
        return new LogitDifference(
                numPositions + other.numPositions,
                numAgreed + other.numAgreed,
                squaredDifference + other.squaredDifference,
                squaredReference + other.squaredReference);
    }

    /// Root mean square of the differences, divided by that of the reference's logits.
    public double relativeError() {
        return squaredDifference == 0 ? 0 : Math.sqrt(squaredDifference / squaredReference);
    }

    /// Share of the positions at which both would choose the same token.
    public double agreement() {
        return (double) numAgreed / numPositions;
    }

    private static int largest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }
}
