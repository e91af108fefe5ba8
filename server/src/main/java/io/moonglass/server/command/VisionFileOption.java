package io.moonglass.server.command;

import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.VisionFile;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Where the vision part of a decoder in GGUF is.
final class VisionFileOption {

    @Option(
            names = "--mmproj",
            paramLabel = "FILE",
            description =
                    "The vision part of a decoder in GGUF, or 'none' to read text alone (default: the one"
                            + " *mmproj*.gguf beside the decoder).")
    private Optional<String> vision = Optional.empty();

    /// @param model a folder, or a decoder in GGUF
    /// @throws io.moonglass.loader.fault.ConfigException if it is not clear which file is meant
    ModelFiles of(Path model) {
        return VisionFile.with(model, vision);
    }
}
