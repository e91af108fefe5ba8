package io.moonglass.server.command;

import io.moonglass.loader.pack.CacheDirectory;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.PackCache;
import io.moonglass.loader.pack.VisionFile;
import io.moonglass.loader.pack.WeightFormat;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// For commands that compute from a model's own numbers: the folder that holds them.
final class FolderOptions {

    @Mixin private VisionFileOption visionFile;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description =
                    "Where the packed form of a model in GGUF is kept (default: MOONGLASS_CACHE, else"
                            + " XDG_CACHE_HOME/moonglass, else ~/.cache/moonglass).")
    private Optional<Path> cache = Optional.empty();

    /// A checkpoint's own folder; of a model in GGUF the packed form that keeps its numbers, from the cache.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if a file cannot be used, or the disk has no room
    Path folder(Path model, int numThreads, PrintWriter err) {
        return folder(visionFile.of(model), numThreads, err);
    }

    /// The same for a second model, to which `--mmproj` does not belong.
    Path otherFolder(Path model, int numThreads, PrintWriter err) {
        return folder(VisionFile.with(model, Optional.empty()), numThreads, err);
    }

    private Path folder(ModelFiles model, int numThreads, PrintWriter err) {
        return switch (model) {
            case ModelFiles.Folder(var directory) -> ModelPath.existing(directory);
            case ModelFiles.Gguf _ -> {
                try (PackingProgress progress = new PackingProgress(err)) {
                    yield new PackCache(cache.orElseGet(CacheDirectory::ofUser))
                            .packed(model, WeightFormat.KEEP, numThreads, progress);
                }
            }
        };
    }
}
