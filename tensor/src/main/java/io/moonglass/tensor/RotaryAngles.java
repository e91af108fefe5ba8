package io.moonglass.tensor;

/// Cosines and sines of the rotary embedding, one row per token, laid out for adjacent pairs: both
/// elements of pair j hold its cosine; the first holds minus its sine, the second its sine.
///
/// Angles are taken in double precision, so that they are right at any position; the tables hold
/// floats.
///
/// @param cos `[numTokens, dim]`
/// @param sin `[numTokens, dim]`
public record RotaryAngles(FloatMatrix cos, FloatMatrix sin) {

    public RotaryAngles {
        if (cos.numRows() != sin.numRows()
                || cos.numColumns() != sin.numColumns()
                || cos.numColumns() % 2 != 0) {
            throw new IllegalArgumentException("cosines and sines differ in shape");
        }
    }

    /// Numbers that are turned: twice the number of pairs.
    public int dim() {
        return cos.numColumns();
    }

    /// Sets one row to the angles `position * theta^(-2j / dim)`.
    public void set(int row, long position, double theta) {
        int dim = dim();
        for (int i = 0; i < dim; i += 2) {
            double angle = position * Math.pow(theta, -(double) i / dim);
            float cosine = (float) Math.cos(angle);
            float sine = (float) Math.sin(angle);
            cos.set(row, i, cosine);
            cos.set(row, i + 1, cosine);
            sin.set(row, i, -sine);
            sin.set(row, i + 1, sine);
        }
    }
}
