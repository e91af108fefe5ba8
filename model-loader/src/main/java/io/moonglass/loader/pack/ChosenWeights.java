package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.tensor.MachineMemory;
import java.nio.file.Path;
import java.util.Optional;

/// What a model is computed from, found or made in a folder of packed models where the checkpoint's own numbers are not
/// wanted.
///
/// @param cache where packed models are kept
public record ChosenWeights(WeightChoice choice, Path cache) {

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
                format(model)
                        .map(format ->
                                new PackCache(cache).packed(model, format, numThreads, progress))
                        .orElse(model.path());
        return new Source(folder, model.name());
    }

    /// What to pack the model as; empty if it is taken as it is.
    private Optional<WeightFormat> format(ModelFiles model) {
        return switch (model) {
            case ModelFiles.Folder folder -> format(folder);
            case ModelFiles.Gguf _ ->
                    switch (choice) {
                        case WeightChoice.Suitable() ->
                                SuitableFormat.of(model, MachineMemory.bytes());
                        // blocks are never computed from as they lie
                        case WeightChoice.Stored() -> Optional.of(WeightFormat.KEEP);
                        case WeightChoice.Packed(WeightFormat format) -> Optional.of(format);
                    };
        };
    }

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
