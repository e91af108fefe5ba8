package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.tensor.MachineMemory;
import java.nio.file.Path;
import java.util.Optional;

/// What a model is computed from, found or made in a folder of packed models where the checkpoint's own numbers are not
/// wanted.
///
/// @param cache where packed models are kept
public record ChosenWeights(WeightChoice choice, Path cache) {

    private static final System.Logger LOG = System.getLogger(ChosenWeights.class.getName());

    /// What a model is loaded from.
    ///
    /// @param folder the checkpoint itself, or what was packed of the model
    /// @param name   the model's, which a packed folder's own name is not
    public record Source(Path folder, String name) {}

    /// Packs the model before, if that is wanted and was not done yet.
    ///
    /// @throws ConfigException if a file cannot be used, the disk has no room, or the model is packed already as another
    ///                         format
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged
    public Source of(ModelFiles model, int numThreads, PackProgress progress) {
        Path folder =
                switch (model) {
                    case ModelFiles.Folder checkpoint ->
                            format(checkpoint)
                                    .map(format ->
                                            new PackCache(cache)
                                                    .packed(model, format, numThreads, progress))
                                    .orElse(checkpoint.directory());
                    case ModelFiles.Gguf pair -> packed(pair, numThreads, progress);
                };
        return new Source(folder, model.name());
    }

    /// The files are opened once: for the choice of a format, for the key of the cache, and to pack from.
    private Path packed(ModelFiles.Gguf pair, int numThreads, PackProgress progress) {
        try (GgufSource source = GgufSource.open(pair, numThreads)) {
            return new PackCache(cache).packed(source, pair, format(source), numThreads, progress);
        }
    }

    /// What the weights take of the memory: those that the model is computed from, packed or not. Where files cannot be
    /// read, it is their size, or nothing; what is wrong with them is for who loads them to say.
    ///
    /// @throws ConfigException if a folder cannot be listed
    public long bytes(ModelFiles model) {
        try {
            return switch (model) {
                case ModelFiles.Folder checkpoint -> bytes(checkpoint);
                case ModelFiles.Gguf pair -> {
                    try (GgufSource source = GgufSource.open(pair, 1)) {
                        yield bytes(source, format(source));
                    }
                }
            };
        } catch (ConfigException | ModelFormatException e) {
            LOG.log(System.Logger.Level.DEBUG, model.path() + " cannot be measured", e);
            return SuitableFormat.weightBytes(model);
        }
    }

    private long bytes(ModelFiles.Folder checkpoint) {
        Optional<WeightFormat> format = format(checkpoint);
        if (format.isEmpty()) {
            return SuitableFormat.weightBytes(checkpoint);
        }
        try (WeightSource source = ModelFiles.open(checkpoint, 1)) {
            return bytes(source, format.get());
        }
    }

    private static long bytes(WeightSource source, WeightFormat format) {
        return source.layout(WeightFormats.of(format)).bytes();
    }

    /// What to pack a model in GGUF as.
    private WeightFormat format(GgufSource source) {
        return switch (choice) {
            case WeightChoice.Suitable() -> SuitableFormat.of(source, MachineMemory.bytes());
            // blocks are never computed from as they lie
            case WeightChoice.Stored() -> WeightFormat.KEEP;
            case WeightChoice.Packed(WeightFormat format) -> format;
        };
    }

    /// What to pack a checkpoint as; empty if it is taken as it is.
    private Optional<WeightFormat> format(ModelFiles.Folder model) {
        Optional<PackManifest> manifest = PackManifest.read(model.directory());
        return switch (choice) {
            case WeightChoice.Stored() -> Optional.empty();
            case WeightChoice.Suitable() ->
                    manifest.isPresent()
                            ? Optional.empty()
                            : SuitableFormat.of(model, MachineMemory.bytes());
            case WeightChoice.Packed(WeightFormat format) -> {
                manifest.ifPresent(packed -> refuseOther(model.directory(), packed, format));
                yield manifest.isPresent() ? Optional.empty() : Optional.of(format);
            }
        };
    }

    private static void refuseOther(Path model, PackManifest manifest, WeightFormat wanted) {
        if (!wanted.spelling().equals(manifest.weights())) {
            throw new ConfigException(
                    "--weights %s: %s is packed already, as %s; name the checkpoint that it was made from, or leave the option out"
                            .formatted(wanted.spelling(), model, manifest.weights()));
        }
    }
}
