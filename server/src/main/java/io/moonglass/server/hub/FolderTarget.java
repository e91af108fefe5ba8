package io.moonglass.server.hub;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/// A folder of plain files. Until it is whole they lie in one beside it, under their hashes and names, so that a run for
/// another revision takes none of them for its own.
final class FolderTarget implements PullTarget {

    private final Path folder;
    private final Path work;

    /// @throws ConfigException if something is there already
    FolderTarget(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
        if (Files.exists(this.folder)) {
            throw new ConfigException(
                    "--out %s: is there already; name a folder that is not, or remove it"
                            .formatted(folder));
        }
        if (this.folder.getFileName() == null) {
            throw new ConfigException("--out %s: want a new folder".formatted(folder));
        }
        this.work = this.folder.resolveSibling(this.folder.getFileName() + ".partial");
    }

    @Override
    public Path work() {
        return work;
    }

    @Override
    public Path partial(HubFile file) {
        return work.resolve(file.hash().hex() + "-" + file.name() + ".partial");
    }

    @Override
    public Path stored(HubFile file) {
        return work.resolve(file.hash().hex() + "-" + file.name());
    }

    @Override
    public Path finish(String commit, List<HubFile> files) throws IOException {
        Path whole = Files.createDirectories(work.resolve("whole"));
        for (HubFile file : files) {
            Files.move(
                    stored(file), whole.resolve(file.name()), StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(whole, folder, StandardCopyOption.ATOMIC_MOVE);
        try (Stream<Path> left = Files.list(work)) {
            for (Path file : left.toList()) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(work);
        return folder;
    }
}
