package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.gguf.GgufFile;
import io.moonglass.loader.gguf.GgufModel;
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
    /// @return empty for the numbers that are stored, as they lie
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged
    public static Optional<WeightFormat> of(ModelFiles model, long memoryBytes) {
        return of(model, memoryBytes, SMALL_BYTES);
    }

    static Optional<WeightFormat> of(ModelFiles model, long memoryBytes, long smallBytes) {
        return switch (model) {
            case ModelFiles.Folder _ -> {
                if (weightBytes(model) <= smallBytes) {
                    yield Optional.empty();
                }
                try (WeightSource source = ModelFiles.open(model, 1)) {
                    yield Optional.of(fitting(source, memoryBytes));
                }
            }
            case ModelFiles.Gguf(var decoder, var vision) -> {
                try (GgufSource source = new GgufSource(GgufModel.open(decoder, vision), 1)) {
                    boolean isKept = source.isQuantized() || weightBytes(model) <= smallBytes;
                    yield Optional.of(isKept ? WeightFormat.KEEP : fitting(source, memoryBytes));
                }
            }
        };
    }

    private static WeightFormat fitting(WeightSource source, long memoryBytes) {
        long eightBits = source.layout(WeightFormats.of(WeightFormat.Q8)).bytes();
        return eightBits <= memoryBytes / 2 ? WeightFormat.Q8 : WeightFormat.Q4;
    }

    /// Bytes of all files of weights; 0 where there are none, which is for who opens them to say.
    ///
    /// @throws ConfigException if a folder cannot be read
    public static long weightBytes(ModelFiles model) {
        return switch (model) {
            case ModelFiles.Folder(var directory) -> weightBytes(directory);
            case ModelFiles.Gguf(var decoder, var vision) ->
                    fileBytes(decoder) + vision.map(SuitableFormat::fileBytes).orElse(0L);
        };
    }

    /// Of all parts of a split file.
    private static long fileBytes(Path file) {
        if (!Files.isRegularFile(file)) {
            return 0;
        }
        try (GgufFile opened = GgufFile.open(file)) {
            long bytes = 0;
            for (Path part : opened.parts()) {
                bytes += Files.size(part);
            }
            return bytes;
        } catch (IOException e) {
            throw new ConfigException("--model %s: cannot be read".formatted(file), e);
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
        } catch (IOException e) {
            throw new ConfigException("--model %s: cannot be read".formatted(model), e);
        }
        return bytes;
    }
}
