package io.moonglass.vision;

import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.Arena;
import java.util.Map;

/// MoonViT with its projector: what turns a picture's patches into rows for the decoder. Safe to call
/// from several threads.
public interface VisionEncoder extends AutoCloseable {

    /// Encodes one picture, alone: its patches attend to no other picture's.
    ///
    /// @param pace  asked between pieces of the work; never by an encoder that cannot be interrupted
    /// @param arena owns the result
    /// @return `[patches.numTokens(), hidden size of the decoder]`, cells of the grid row by row
    /// @throws IllegalArgumentException if the patches are not of the model's size
    /// @throws IllegalStateException    if the encoder is closed
    /// @throws java.util.concurrent.CancellationException if the pace ends the work
    FloatMatrix encode(ImagePatches patches, Pace pace, Arena arena);

    /// The same in one go.
    default FloatMatrix encode(ImagePatches patches, Arena arena) {
        return encode(patches, Pace.ALONE, arena);
    }

    /// Also gives out what was computed on the way, in order: `pos_emb`, `embed`, `block.i`,
    /// `final_norm` (a row per patch), `merged` (a row per patch, four to a cell), `projected`.
    ///
    /// @param arena owns the results
    /// @throws IllegalStateException if the encoder was opened without them, or is closed
    Map<String, FloatMatrix> encodeWithIntermediates(ImagePatches patches, Arena arena);

    /// Waits for pictures that are being encoded, then frees the weights; does nothing the second time.
    @Override
    void close();
}
