package io.moonglass.loader.pack;

import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.Checkpoint;
import java.io.IOException;

/// What tells one model from another, without reading its weights. The folder does not count: a model may
/// be moved.
public final class ModelRevision {

    private ModelRevision() {}

    /// @throws ModelFormatException if a file cannot be read
    public static Digest of(Checkpoint checkpoint) {
        DigestBuilder revision = new DigestBuilder();
        try {
            SourceFiles.of(checkpoint).state().forEach(revision::add);
            return revision.build();
        } catch (IOException e) {
            throw new ModelFormatException(
                    "%s: its files cannot be read (%s); want a whole checkpoint that nobody changes"
                            .formatted(checkpoint.directory().getFileName(), e),
                    e);
        }
    }
}
