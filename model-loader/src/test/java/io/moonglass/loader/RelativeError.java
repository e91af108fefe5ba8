package io.moonglass.loader;

/// How far numbers are from others.
public final class RelativeError {

    private RelativeError() {}

    /// The root mean square of all differences, relative to that of the wanted numbers.
    public static double of(float[] wanted, float[] found) {
        double squares = 0;
        double errors = 0;
        for (int i = 0; i < wanted.length; i++) {
            squares += (double) wanted[i] * wanted[i];
            errors += Math.pow((double) wanted[i] - found[i], 2);
        }
        return Math.sqrt(errors / squares);
    }
}
