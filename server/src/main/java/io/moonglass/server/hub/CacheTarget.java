package io.moonglass.server.hub;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/// A snapshot in the Hugging Face cache: links to the bytes, which lie under their hashes and which revisions share.
///
/// Source: documentation of huggingface_hub, "Understand caching".
final class CacheTarget implements PullTarget {

    private final Path folder;
    private final HubRepository repository;

    /// @param cache the folder of all repositories
    CacheTarget(Path cache, HubRepository repository) {
        this.folder = folder(cache, repository);
        this.repository = repository;
    }

    static Path folder(Path cache, HubRepository repository) {
        return cache.resolve("models--%s--%s".formatted(repository.owner(), repository.name()));
    }

    @Override
    public Path work() {
        return folder.resolve("blobs");
    }

    /// Under a name of our own: Hugging Face's programs may be at the same file.
    @Override
    public Path partial(HubFile file) {
        return work().resolve(file.hash().hex() + ".moonglass-partial");
    }

    @Override
    public Path stored(HubFile file) {
        return work().resolve(file.hash().hex());
    }

    @Override
    public Path finish(String commit, List<HubFile> files) throws IOException {
        Path snapshots = Files.createDirectories(folder.resolve("snapshots"));
        Path snapshot = snapshots.resolve(commit);
        if (Files.isDirectory(snapshot)) {
            link(snapshot, files);
        } else {
            Path fresh = emptied(folder.resolve("snapshot.moonglass-partial"));
            link(fresh, files);
            Files.move(fresh, snapshot, StandardCopyOption.ATOMIC_MOVE);
        }
        writeRevision(commit);
        return snapshot;
    }

    /// A run that was cut off may have left links in it.
    private static Path emptied(Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> left = Files.list(directory)) {
            for (Path link : left.toList()) {
                Files.delete(link);
            }
        }
        return directory;
    }

    private void link(Path snapshot, List<HubFile> files) throws IOException {
        for (HubFile file : files) {
            Path link = snapshot.resolve(file.name());
            Path blob = Path.of("..", "..", "blobs", file.hash().hex());
            if (Files.isSymbolicLink(link) && !Files.readSymbolicLink(link).equals(blob)) {
                Files.delete(link);
            }
            if (Files.notExists(link, LinkOption.NOFOLLOW_LINKS)) {
                link(link, blob);
            }
        }
    }

    private static void link(Path link, Path blob) throws IOException {
        try {
            Files.createSymbolicLink(link, blob);
        } catch (FileAlreadyExistsException e) {
            System.getLogger(CacheTarget.class.getName())
                    .log(System.Logger.Level.DEBUG, "another program has just linked it", e);
        }
    }

    private void writeRevision(String commit) throws IOException {
        if (repository.revision().equals(commit)) {
            return;
        }
        Path reference = folder.resolve("refs").resolve(repository.revision());
        Files.createDirectories(reference.getParent());
        Path fresh = Files.writeString(folder.resolve("revision.moonglass-partial"), commit);
        Files.move(
                fresh,
                reference,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }
}
