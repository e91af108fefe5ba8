package io.moonglass.loader.pack;

import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.tensor.ThreadTeam;
import java.nio.file.Path;

/// Makes packed directories, from which a model starts at once.
public final class PackedModels {

    private static final System.Logger LOG = System.getLogger(PackedModels.class.getName());

    private PackedModels() {}

    /// Packs a checkpoint.
    ///
    /// @param directory must not be there yet
    /// @throws ConfigException if a folder cannot be used, or the checkpoint is quantised already
    /// @throws io.moonglass.loader.fault.ModelFormatException if the checkpoint is damaged
    public static void pack(
            Path model,
            WeightFormats formats,
            Path directory,
            int numThreads,
            PackProgress progress) {
        pack(new ModelFiles.Folder(model), formats, directory, numThreads, progress);
    }

    /// Packs a model.
    ///
    /// @param directory must not be there yet
    /// @return what became of the tensors of a GGUF file
    /// @throws ConfigException if a file cannot be used, or the model is quantised already
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged
    public static PackReport pack(
            ModelFiles model,
            WeightFormats formats,
            Path directory,
            int numThreads,
            PackProgress progress) {
        if (model instanceof ModelFiles.Folder) {
            PackManifest.read(model.path())
                    .filter(PackManifest::isQuantized)
                    .ifPresent(manifest -> {
                        throw new ConfigException(
                                "--model %s: packed already, as %s; pack the released checkpoint"
                                        .formatted(model.path(), manifest.weights()));
                    });
        }
        try (WeightSource source = ModelFiles.open(model, numThreads);
                ThreadTeam team = new ThreadTeam(numThreads)) {
            source.notes().forEach(note -> LOG.log(System.Logger.Level.INFO, note));
            new Packer(source, formats, team, progress).pack(directory);
            return source.report();
        }
    }

    /// Writes a model of random weights, of a sane size, for measuring speed and memory: a packed
    /// directory like any other, with a stand-in for the tokenizer.
    ///
    /// @param configFile a config.json; a preprocessor_config.json beside it is taken along
    /// @param directory  must not be there yet
    /// @throws ConfigException if a file cannot be used
    public static void synthesize(
            Path configFile,
            WeightFormats formats,
            Path directory,
            int numThreads,
            PackProgress progress) {
        RandomSource source = new RandomSource(configFile, ConfigSection.read(configFile));
        try (ThreadTeam team = new ThreadTeam(numThreads)) {
            new Packer(source, formats, team, progress).pack(directory);
        }
    }
}
