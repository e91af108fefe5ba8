package io.moonglass.loader.pack;

import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.tensor.ThreadTeam;
import java.nio.file.Path;

/// Makes packed directories, from which a model starts at once.
public final class PackedModels {

    private PackedModels() {}

    /// Packs a checkpoint.
    ///
    /// @param directory must not be there yet
    /// @throws ConfigException if a folder cannot be used, or the checkpoint is packed already
    /// @throws io.moonglass.loader.fault.ModelFormatException if the checkpoint is damaged
    public static void pack(
            Path model,
            WeightFormats formats,
            Path directory,
            int numThreads,
            PackProgress progress) {
        try (Checkpoint checkpoint = Checkpoint.open(model);
                ThreadTeam team = new ThreadTeam(numThreads)) {
            if (checkpoint.manifest().isPresent()) {
                throw new ConfigException(
                        "--model %s: packed already, as %s; pack the released checkpoint"
                                .formatted(model, checkpoint.manifest().get().weights()));
            }
            new Packer(new CheckpointSource(checkpoint, numThreads), formats, team, progress)
                    .pack(directory);
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
