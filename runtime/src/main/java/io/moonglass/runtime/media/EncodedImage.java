package io.moonglass.runtime.media;

import io.moonglass.tensor.FloatMatrix;

/// A picture as the decoder reads it.
///
/// @param rows `[numTokens, hiddenSize]`; lives as long as it is reachable
public record EncodedImage(FloatMatrix rows) {

    public int numTokens() {
        return rows.numRows();
    }
}
