package io.moonglass.tensor;

/// The two forms of the Gaussian error linear unit.
///
/// Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
public enum Gelu {
    /// `0.5 z (1 + erf(z / sqrt(2)))`.
    EXACT,

    /// `0.5 z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z³)))`.
    TANH;

    private static final double FAR = 4;

    /// The definition.
    float of(float z) {
        double inner =
                switch (this) {
                    case EXACT -> erf(z / Math.sqrt(2));
                    case TANH -> Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z * z * z));
                };
        return (float) (0.5 * z * (1 + inner));
    }

    /// By its power series, whose terms lose at most 8 of a double's 16 digits where it is used.
    private static double erf(double x) {
        if (Math.abs(x) >= FAR) {
            return Math.signum(x); // within 2e-8
        }
        double power = x;
        double sum = x;
        for (int n = 1; Math.abs(power) > 1e-12; n++) {
            power *= -x * x / n;
            sum += power / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }
}
