package io.moonglass.engine;

import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.tensor.FloatMatrix;

/// One picture of a prompt, encoded.
///
/// @param rows    `[number of its image tokens, hiddenSize]`; must stay valid until the last call of the
///                request's sinks
/// @param content stands for the picture where prompts are compared: its pixels and all that changed them
///                on the way to rows
public record PromptImage(FloatMatrix rows, Digest content) {

    /// Rows that stand for themselves.
    public static PromptImage of(FloatMatrix rows) {
        return new PromptImage(rows, new DigestBuilder().add(rows.data()).build());
    }
}
