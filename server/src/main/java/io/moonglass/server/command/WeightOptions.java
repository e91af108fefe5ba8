package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
<<<<<<< HEAD
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.PackCache;
import io.moonglass.loader.pack.SuitableFormat;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.safetensors.PackManifest;
=======
import io.moonglass.loader.pack.CacheDirectory;
import io.moonglass.loader.pack.ChosenWeights;
import io.moonglass.loader.pack.WeightChoice;
>>>>>>> issue9
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// What a model that answers is computed from: the door through which commands open one.
final class WeightOptions implements SettingsSection {

    @Option(
            names = "--weights",
            paramLabel = "FORMAT",
            description = {
                "Compute from ${COMPLETION-CANDIDATES}. All but the last are packed into the cache"
                        + " first, and later starts find them there.",
                "Default: stored, up to 1 GiB of weights. Above it q8, or q4 where q8 would take"
                        + " more than half of the memory. A packed model is taken as it is. A quantised"
                        + " one in GGUF is packed so that it keeps its numbers (keep)."
            },
            converter = WeightChoiceConverter.class,
            completionCandidates = WeightChoiceConverter.class)
    private Optional<WeightChoice> weights = Optional.empty();

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description =
                    "Where packed models are kept (default: MOONGLASS_CACHE, else"
                            + " XDG_CACHE_HOME/moonglass, else ~/.cache/moonglass).")
    private Optional<Path> cache = Optional.empty();

    @Override
    public String section() {
        return "weights";
    }

    /// Opens a model, packed before if that is wanted.
    ///
<<<<<<< HEAD
    /// @param options without a name for the model's own
    /// @throws ConfigException if a file cannot be used, or the disk has no room
    ChatModel open(
            ModelOpener models, ModelFiles model, ChatModelOptions options, PrintWriter err) {
        Optional<WeightFormat> format = format(model);
        if (format.isEmpty()) {
            return models.open(model.path(), options);
        }
        Path packed =
                new PackCache(cache())
                        .packed(
                                model,
                                format.get(),
                                options.numThreads(),
                                new PackingProgress(err));
        String name = options.name().orElseGet(model::name);
        return models.open(packed, options.withName(name));
    }

    /// What to pack the model as; empty if it is taken as it is.
    private Optional<WeightFormat> format(ModelFiles model) {
        return switch (model) {
            case ModelFiles.Folder(var directory) -> format(directory, model);
            case ModelFiles.Gguf _ ->
                    weights.flatMap(this::ofBlocks)
                            .or(() -> SuitableFormat.of(model, MachineMemory.bytes()));
        };
    }

    /// Blocks are never computed from as they lie.
    private Optional<WeightFormat> ofBlocks(WeightChoice choice) {
        return Optional.of(
                switch (choice) {
                    case WeightChoice.Stored() -> WeightFormat.KEEP;
                    case WeightChoice.Packed(WeightFormat format) -> format;
                });
    }

    private Optional<WeightFormat> format(Path model, ModelFiles files) {
        Optional<PackManifest> manifest = PackManifest.read(model);
        if (manifest.isPresent()) {
            weights.ifPresent(choice -> refuseOther(model, manifest.get(), choice));
            return Optional.empty();
        }
        if (weights.isEmpty()) {
            return SuitableFormat.of(files, MachineMemory.bytes());
        }
        return switch (weights.get()) {
            case WeightChoice.Stored() -> Optional.empty();
            case WeightChoice.Packed(WeightFormat format) -> Optional.of(format);
        };
    }

    private static void refuseOther(Path model, PackManifest manifest, WeightChoice choice) {
        if (choice instanceof WeightChoice.Packed(WeightFormat format)
                && !format.spelling().equals(manifest.weights())) {
            throw new ConfigException(
                    "--weights %s: %s is packed already, as %s; name the checkpoint that it was made from, or leave the option out"
                            .formatted(format.spelling(), model, manifest.weights()));
        }
    }

    private Path cache() {
        return cache.orElseGet(CacheDirectory::here);
=======
    /// @param options without a name for the checkpoint's own
    /// @throws ConfigException if a folder cannot be used, or the disk has no room
    ChatModel open(ModelOpener models, Path model, ChatModelOptions options, PrintWriter err) {
        ChosenWeights chosen =
                new ChosenWeights(
                        weights.orElseGet(WeightChoice.Suitable::new),
                        cache.orElseGet(CacheDirectory::ofUser));
        ChosenWeights.Source source =
                chosen.of(model, options.numThreads(), new PackingProgress(err));
        return models.open(
                source.folder(),
                options.name().isPresent() ? options : options.withName(source.name()));
>>>>>>> issue9
    }
}
