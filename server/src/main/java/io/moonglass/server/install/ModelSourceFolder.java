package io.moonglass.server.install;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The files of a checkpoint that is to be copied. Names that begin with a dot are none of it. A link counts as what it
/// leads to, which must lie in the same folder, or in the blobs beside a snapshot of the Hugging Face cache.
final class ModelSourceFolder {

    private static final int MOST_FILES = 10_000;
    private static final int MOST_LEVELS = 8;

    private final Path directory;
    private final SequencedMap<String, Path> files = new TreeMap<>();

    private ModelSourceFolder(Path directory) {
        this.directory = directory;
    }

    /// @throws ConfigException if it is no checkpoint's folder, or one of its links leads out of it
    static ModelSourceFolder read(Path directory) {
        if (!Files.isRegularFile(directory.resolve("config.json"))) {
            throw new ConfigException(
                    "%s: holds no config.json; want a checkpoint's folder in Hugging Face layout"
                            .formatted(directory));
        }
        ModelSourceFolder folder = new ModelSourceFolder(directory);
        try (Stream<Path> all = Files.walk(directory, MOST_LEVELS)) {
            all.forEach(folder::add);
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException("%s: cannot be read".formatted(directory), e);
        }
        return folder;
    }

    private void add(Path file) {
        Path inside = directory.relativize(file);
        boolean isHidden =
                Stream.iterate(inside, path -> path != null, Path::getParent)
                        .anyMatch(path -> path.getFileName().toString().startsWith("."));
        if (isHidden || Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (Files.isSymbolicLink(file)) {
            checkLink(file);
        }
        if (!Files.isRegularFile(file)) {
            throw new ConfigException(
                    "%s: is no file; want files and folders in a checkpoint".formatted(file));
        }
        if (files.size() == MOST_FILES) {
            throw new ConfigException(
                    "%s: more than %,d files; want a checkpoint's alone"
                            .formatted(directory, MOST_FILES));
        }
        files.put(inside.toString(), file);
    }

    private void checkLink(Path link) {
        try {
            Path real = directory.toRealPath();
            Path target = link.toRealPath();
            boolean inside =
                    target.startsWith(real) || blobsOf(real).filter(target::startsWith).isPresent();
            if (!inside) {
                throw new ConfigException(
                        "%s: a link that leads out of %s; put the file itself there"
                                .formatted(link, directory));
            }
        } catch (IOException e) {
            throw new ConfigException("%s: a link that leads nowhere".formatted(link), e);
        }
    }

    /// `models--OWNER--NAME/snapshots/REVISION` links to `models--OWNER--NAME/blobs`.
    private static Optional<Path> blobsOf(Path real) {
        Path snapshots = real.getParent();
        return snapshots != null && snapshots.endsWith("snapshots")
                ? Optional.of(snapshots.resolveSibling("blobs"))
                : Optional.empty();
    }

    /// By their paths in the folder.
    SequencedMap<String, Path> files() {
        return files;
    }

    /// Those that a list names, all of which must be there.
    SequencedMap<String, Path> files(List<String> paths) {
        SequencedMap<String, Path> named = new TreeMap<>();
        for (String path : paths) {
            Path file = files.get(path);
            if (file == null) {
                throw new ConfigException(
                        "%s: holds no %s, which the sums name; want the files that they were made of"
                                .formatted(directory, path));
            }
            named.put(path, file);
        }
        return named;
    }
}
