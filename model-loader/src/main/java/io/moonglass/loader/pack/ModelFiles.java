package io.moonglass.loader.pack;

import io.moonglass.loader.config.ModelName;
import io.moonglass.loader.safetensors.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a model is read from.
public sealed interface ModelFiles {

    /// A checkpoint in Hugging Face layout, or a packed one.
    record Folder(Path directory) implements ModelFiles {

        @Override
        public String name() {
            return ModelName.of(directory);
        }

        @Override
        public Path path() {
            return directory;
        }
    }

    /// A decoder in GGUF.
    ///
    /// @param decoder any part of it, if it is split
    /// @param vision  the file of MoonViT and the projector; without it the model reads text alone
    record Gguf(Path decoder, Optional<Path> vision) implements ModelFiles {

        private static final Pattern NAME =
                Pattern.compile("(.+?)(-\\d{5}-of-\\d{5})?\\.gguf", Pattern.CASE_INSENSITIVE);

        /// The file's without its ending.
        @Override
        public String name() {
            String file = decoder.getFileName().toString();
            Matcher name = NAME.matcher(file);
            return name.matches() ? name.group(1) : file;
        }

        @Override
        public Path path() {
            return decoder;
        }
    }

    /// Whether this is a file in GGUF and no folder, by its name.
    static boolean isGguf(Path model) {
        return model.getFileName() != null
                && model.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".gguf")
                && !Files.isDirectory(model);
    }

    /// How the model is called where nobody says otherwise.
    String name();

    /// What was named.
    Path path();

    /// Opens the files to pack from.
    ///
    /// @param numMembers threads that will write panels
    /// @throws io.moonglass.loader.fault.ConfigException      if a file cannot be used
    /// @throws io.moonglass.loader.fault.ModelFormatException if one is damaged
    static WeightSource open(ModelFiles model, int numMembers) {
        return switch (model) {
            case Folder(var directory) ->
                    new CheckpointSource(Checkpoint.open(directory), numMembers);
            case Gguf pair -> GgufSource.open(pair, numMembers);
        };
    }
}
