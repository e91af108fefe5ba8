package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
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
    /// @return empty for the numbers that are stored, as they lie
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged
    static Optional<WeightFormat> of(ModelFiles.Folder model, long memoryBytes) {
        return of(model, memoryBytes, SMALL_BYTES);
    }

    static Optional<WeightFormat> of(ModelFiles.Folder model, long memoryBytes, long smallBytes) {
        if (weightBytes(model) <= smallBytes) {
            return Optional.empty();
        }
        try (WeightSource source = ModelFiles.open(model, 1)) {
            return Optional.of(fitting(source, memoryBytes));
        }
    }

    /// The same of a model in GGUF, which is never computed from as it lies.
    static WeightFormat of(GgufSource model, long memoryBytes) {
        return of(model, memoryBytes, SMALL_BYTES);
    }

    static WeightFormat of(GgufSource model, long memoryBytes, long smallBytes) {
        return model.isQuantized() || model.storedBytes() <= smallBytes
                ? WeightFormat.KEEP
                : fitting(model, memoryBytes);
    }

    private static WeightFormat fitting(WeightSource source, long memoryBytes) {
        long eightBits = source.layout(WeightFormats.of(WeightFormat.Q8)).bytes();
        return eightBits <= memoryBytes / 2 ? WeightFormat.Q8 : WeightFormat.Q4;
    }

    /// Bytes of all files of weights, of a split one in GGUF those of the part that is named; 0 where there are none, which is
    /// for who opens them to say.
    ///
    /// @throws ConfigException if a folder cannot be read
    public static long weightBytes(ModelFiles model) {
        return switch (model) {
            case ModelFiles.Folder(var directory) -> weightBytes(directory);
            case ModelFiles.Gguf(var decoder, var vision) ->
                    fileBytes(decoder) + vision.map(SuitableFormat::fileBytes).orElse(0L);
        };
    }

    private static long fileBytes(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.size(file) : 0;
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static long weightBytes(Path model) {
        if (!Files.isDirectory(model)) {
            return 0;
        }
        long bytes = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(model, "*.safetensors")) {
            for (Path file : files) {
                bytes += Files.exists(file) ? Files.size(file) : 0; // a link may lead nowhere
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw unreadable(model, e);
        }
        return bytes;
    }

    private static ConfigException unreadable(Path model, Exception cause) {
        return new ConfigException("--model %s: cannot be read".formatted(model), cause);
    }
}
