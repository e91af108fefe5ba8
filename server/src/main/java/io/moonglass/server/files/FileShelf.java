package io.moonglass.server.files;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// What is known of one tenant's files, and how much of its quota they take. Equal bytes count once. Guarded by the
/// store.
final class FileShelf {

    private final Map<String, StoredFile> files = new HashMap<>();

    /// Ids of the files that have the same bytes.
    private final Map<String, Set<String>> idsOfContent = new HashMap<>();

    private long storedBytes;
    private long comingBytes;
    private int numComing;

    void put(StoredFile file) {
        if (files.put(file.id(), file) != null) {
            return;
        }
        Set<String> ids = idsOfContent.computeIfAbsent(file.sha256(), _ -> new TreeSet<>());
        if (ids.isEmpty()) {
            storedBytes += file.numBytes();
        }
        ids.add(file.id());
    }

    /// @return whether no other file has the same bytes
    boolean remove(StoredFile file) {
        if (files.remove(file.id()) == null) {
            return false;
        }
        Set<String> ids = idsOfContent.get(file.sha256());
        ids.remove(file.id());
        if (!ids.isEmpty()) {
            return false;
        }
        idsOfContent.remove(file.sha256());
        storedBytes -= file.numBytes();
        return true;
    }

    Optional<StoredFile> byId(String id) {
        return Optional.ofNullable(files.get(id));
    }

    /// All that have these bytes.
    List<StoredFile> byContent(String sha256) {
        return idsOfContent.getOrDefault(sha256, Set.of()).stream().map(files::get).toList();
    }

    boolean holds(String sha256) {
        return idsOfContent.containsKey(sha256);
    }

    List<StoredFile> all() {
        return new ArrayList<>(files.values());
    }

    /// A file is on its way.
    void begin() {
        numComing++;
    }

    /// More of it has come.
    void came(long bytes) {
        comingBytes += bytes;
    }

    /// It is there, or will not be.
    void end(long bytes) {
        numComing--;
        comingBytes -= bytes;
    }

    /// With what is on its way.
    int numFiles() {
        return files.size() + numComing;
    }

    /// With what is on its way.
    long numBytes() {
        return storedBytes + comingBytes;
    }
}
