package io.moonglass.runtime.media;

import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/// What tells one model's weights from another's, without reading them: small files count with their
/// contents, files of weights with size and time of change. The folder does not count: a model may be
/// moved.
public final class ModelRevision {

    private ModelRevision() {}

    /// @throws ModelFormatException if a file cannot be read
    public static Digest of(Checkpoint checkpoint) {
        DigestBuilder revision = new DigestBuilder();
        Path directory = checkpoint.directory();
        try {
            Set<String> weights = new TreeSet<>();
            for (StoredTensor tensor : checkpoint.tensors()) {
                weights.add(tensor.file());
            }
            for (String name : weights) {
                Path file = directory.resolve(name);
                revision.add(name)
                        .add(Files.size(file))
                        .add(Files.getLastModifiedTime(file).toMillis());
            }
            for (String name : configuration(directory)) {
                revision.add(name).add(Files.readAllBytes(directory.resolve(name)));
            }
            return revision.build();
        } catch (IOException e) {
            throw new ModelFormatException(
                    "%s: its files cannot be read (%s); want a whole checkpoint that nobody changes"
                            .formatted(directory.getFileName(), e),
                    e);
        }
    }

    private static Set<String> configuration(Path directory) throws IOException {
        Set<String> names = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*config.json")) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        }
        return names;
    }
}
