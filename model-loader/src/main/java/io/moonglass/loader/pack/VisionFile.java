package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Finds the file of MoonViT and the projector that goes with a decoder in GGUF.
public final class VisionFile {

    private static final System.Logger LOG = System.getLogger(VisionFile.class.getName());

    private static final String NONE = "none";
    private static final String MARK = "mmproj";

    private VisionFile() {}

    /// @param model a folder, or a decoder in GGUF
    /// @param named what the operator says: a file, or none
    /// @throws ConfigException if a folder is to have such a file, or it is not clear which one is meant
    public static ModelFiles with(Path model, Optional<String> named) {
        if (!ModelFiles.isGguf(model)) {
            if (named.isPresent()) {
                throw new ConfigException(
                        "--mmproj %s: goes with a decoder in GGUF, and %s is a folder; leave it out"
                                .formatted(named.get(), model));
            }
            return new ModelFiles.Folder(model);
        }
        return new ModelFiles.Gguf(
                model,
                named.isPresent()
                        ? named.filter(file -> !file.equals(NONE)).map(Path::of)
                        : beside(model));
    }

    private static Optional<Path> beside(Path decoder) {
        Set<String> found = new TreeSet<>();
        Path folder = decoder.toAbsolutePath().getParent();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                for (Path file : files) {
                    String name = file.getFileName().toString();
                    if (name.toLowerCase(Locale.ROOT).contains(MARK)
                            && ModelFiles.isGguf(file)
                            && !file.getFileName().equals(decoder.getFileName())) {
                        found.add(name);
                    }
                }
            } catch (IOException | DirectoryIteratorException e) {
                throw new ConfigException("%s: cannot be read".formatted(folder), e);
            }
        }
        if (found.size() > 1) {
            throw new ConfigException(
                    "%s: beside it lie %s; say with --mmproj which one reads its pictures, or --mmproj none"
                            .formatted(decoder, String.join(", ", found)));
        }
        Optional<Path> one = found.stream().findFirst().map(decoder::resolveSibling);
        one.ifPresent(file ->
                LOG.log(
                        System.Logger.Level.INFO,
                        "{0} reads the pictures of {1}, which it lies beside",
                        file.getFileName(),
                        decoder.getFileName()));
        return one;
    }
}
