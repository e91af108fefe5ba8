package io.moonglass.loader.pack;

import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.loader.safetensors.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Names what packing a checkpoint would give, without packing it.
///
/// Small files count with their contents, files of weights with size and time of change: to hash tens
/// of gigabytes at every start would take longer than all the rest of it, and who replaces such a file
/// changes one of the two. The layout counts as well, so that a version of this program that stores
/// tensors in other forms packs anew. The folder does not: a model may be moved.
final class SourceKey {

    private static final int LENGTH = 16;

    private SourceKey() {}

    static String of(Checkpoint checkpoint, PackLayout layout) throws IOException {
        SourceFiles files = SourceFiles.of(checkpoint);
        List<String> lines = new ArrayList<>();
        lines.add("layout %d".formatted(PackManifest.FORMAT));
        layout.entries()
                .forEach((name, entry) ->
                        lines.add(
                                "%s %s"
                                        .formatted(
                                                name,
                                                Arrays.toString(entry.shape()) + entry.kind())));
        for (StoredTensor tensor : checkpoint.tensors()) {
            lines.add("%s in %s".formatted(tensor.name(), tensor.file()));
        }
        for (Map.Entry<String, Path> file : files.weights().entrySet()) {
            lines.add(
                    "%s %d %d"
                            .formatted(
                                    file.getKey(),
                                    Files.size(file.getValue()),
                                    Files.getLastModifiedTime(file.getValue()).toMillis()));
        }
        for (Map.Entry<String, Path> file : files.companions().entrySet()) {
            lines.add("%s %s".formatted(file.getKey(), SourceFiles.sha256(file.getValue())));
        }
        return SourceFiles.sha256(lines).substring(0, LENGTH);
    }
}
