package io.moonglass.loader.pack;

import io.moonglass.loader.safetensors.PackManifest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Names what packing a model would give, without packing it.
///
/// Files count as [WeightSource#state()] tells them. The layout counts as well, so that a version of this
/// program that stores tensors in other forms packs anew. The folder does not: a model may be moved.
final class SourceKey {

    private static final int LENGTH = 16;

    private SourceKey() {}

    static String of(WeightSource source, PackLayout layout) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("layout " + PackManifest.FORMAT);
        layout.entries()
                .forEach((name, entry) ->
                        lines.add(
                                "%s %s"
                                        .formatted(
                                                name,
                                                Arrays.toString(entry.shape()) + entry.kind())));
        lines.addAll(source.state());
        return SourceFiles.sha256(lines).substring(0, LENGTH);
    }
}
