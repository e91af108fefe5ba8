package io.moonglass.server.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/// Finds what was pulled before, by us or by Hugging Face's programs, without asking the hub.
public final class PulledModels {

    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    private final Path cache;

    /// @param cache see [HubCacheDirectory]
    public PulledModels(Path cache) {
        this.cache = cache;
    }

    /// The snapshot of `ORG/NAME[@REVISION]`; empty if it is no such name, or nothing of it is here.
    public Optional<Path> find(String name) {
        return HubRepository.parse(name).flatMap(this::find);
    }

    private Optional<Path> find(HubRepository repository) {
        Path folder = CacheTarget.folder(cache, repository);
        String revision = repository.revision();
        return commit(folder, revision)
                .map(commit -> folder.resolve("snapshots").resolve(commit))
                .filter(snapshot -> Files.isRegularFile(snapshot.resolve("config.json")));
    }

    private static Optional<String> commit(Path folder, String revision) {
        Path reference = folder.resolve("refs").resolve(revision);
        if (!Files.isRegularFile(reference)) {
            return Optional.of(revision).filter(COMMIT.asMatchPredicate());
        }
        try {
            return Optional.of(Files.readString(reference).strip())
                    .filter(COMMIT.asMatchPredicate());
        } catch (IOException e) {
            System.getLogger(PulledModels.class.getName())
                    .log(System.Logger.Level.WARNING, reference + " cannot be read", e);
            return Optional.empty();
        }
    }
}
