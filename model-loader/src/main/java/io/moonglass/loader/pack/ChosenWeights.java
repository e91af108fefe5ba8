package io.moonglass.loader.pack;

import io.moonglass.loader.config.ModelName;
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
    /// @param folder the checkpoint itself, or what was packed of it
    /// @param name   the checkpoint's, which a packed folder's own name is not
    public record Source(Path folder, String name) {}

    /// Packs the checkpoint before, if that is wanted and was not done yet.
    ///
    /// @throws ConfigException if a folder cannot be used, the disk has no room, or the model is packed already as another
    ///                         format
    /// @throws io.moonglass.loader.fault.ModelFormatException if the checkpoint is damaged
    public Source of(Path model, int numThreads, PackProgress progress) {
        Path folder =
                format(model)
                        .map(format ->
                                new PackCache(cache).packed(model, format, numThreads, progress))
                        .orElse(model);
        return new Source(folder, ModelName.of(model));
    }

    /// What to pack the checkpoint as; empty if it is taken as it is.
    private Optional<WeightFormat> format(Path model) {
        Optional<PackManifest> manifest = PackManifest.read(model);
        return switch (choice) {
            case WeightChoice.Stored() -> Optional.empty();
            case WeightChoice.Suitable() ->
                    manifest.isPresent()
                            ? Optional.empty()
                            : SuitableFormat.of(model, MachineMemory.bytes());
            case WeightChoice.Packed(WeightFormat format) -> {
                manifest.ifPresent(packed -> refuseOther(model, packed, format));
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
