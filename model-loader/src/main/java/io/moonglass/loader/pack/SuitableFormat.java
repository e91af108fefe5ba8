package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.Checkpoint;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What a model is best computed from where nobody has said: its own numbers while it is small and
/// starts at once, else 8 bits, or 4 where 8 would leave too little memory for the rest.
public final class SuitableFormat {

    /// Weights up to here are read as they are.
    private static final long SMALL_BYTES = 1L << 30;

    private SuitableFormat() {}

    /// @param memoryBytes of the machine
    /// @return empty for the numbers that are stored
    /// @throws io.moonglass.loader.fault.ModelFormatException if the checkpoint is damaged
    public static Optional<WeightFormat> of(Path model, long memoryBytes) {
        return of(model, memoryBytes, SMALL_BYTES);
    }

    static Optional<WeightFormat> of(Path model, long memoryBytes, long smallBytes) {
        if (weightBytes(model) <= smallBytes) {
            return Optional.empty();
        }
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            var tensors = new CheckpointSource(checkpoint, 1).tensors(WeightFormat.Q8);
            long eightBits = PackLayout.of(tensors, WeightFormats.of(WeightFormat.Q8)).bytes();
            return Optional.of(eightBits <= memoryBytes / 2 ? WeightFormat.Q8 : WeightFormat.Q4);
        }
    }

    /// Bytes of all files of weights; 0 where there is no such folder, which is for who opens it to say.
    ///
    /// @throws ConfigException if the folder cannot be read
    public static long weightBytes(Path model) {
        if (!Files.isDirectory(model)) {
            return 0;
        }
        long bytes = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(model, "*.safetensors")) {
            for (Path file : files) {
                bytes += Files.exists(file) ? Files.size(file) : 0; // a link may lead nowhere
            }
        } catch (IOException e) {
            throw new ConfigException("--model %s: cannot be read".formatted(model), e);
        }
        return bytes;
    }
}
