package io.moonglass.server.responses;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.storage.DiskWatch;
import io.moonglass.server.storage.TenantFolders;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Keeps responses on disk, a file for each, apart by tenant: what one stores displaces nothing of another's. Of a
/// tenant's responses the ones that were not used for longest go first. A file's time says when it was last used. Safe
/// to use from any thread.
public final class ResponseStore {

    private static final Pattern ID = Pattern.compile("resp_[0-9a-f]{32}");
    private static final String SUFFIX = ".json";
    private static final String PART_SUFFIX = ".part";

    /// What a writer that still lives may have begun.
    private static final Duration PART_AGE = Duration.ofHours(1);

    /// Of a tenant, so that the index stays small however small they are.
    private static final int MAX_RESPONSES = 20_000;

    /// Deeper than any body that is taken.
    private static final int MAX_DEPTH = 1_100;

    private final ResponseStoreOptions options;
    private final TenantFolders folders;
    private final InstantSource clock;
    private final DiskWatch disk;
    private final ObjectMapper json;
    private final Map<String, Shelf> shelves = new HashMap<>();

    /// A tenant's responses, the one that was not used for longest first. Guarded by the store.
    private static final class Shelf {
        private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>();
        private long bytes;

        /// The same again goes to the end.
        void put(String id, Entry entry) {
            remove(id);
            entries.put(id, entry);
            bytes += entry.bytes();
        }

        void remove(String id) {
            Entry removed = entries.remove(id);
            bytes -= removed == null ? 0 : removed.bytes();
        }

        void dropFirst(Path folder) {
            Map.Entry<String, Entry> first = entries.pollFirstEntry();
            bytes -= first.getValue().bytes();
            TenantFolders.delete(file(folder, first.getKey()));
        }
    }

    private record Entry(long bytes, Instant used) {}

    private ResponseStore(ResponseStoreOptions options, InstantSource clock) {
        this.options = options;
        this.folders = new TenantFolders(options.directory());
        this.clock = clock;
        this.disk = new DiskWatch("responses", options.directory());
        this.json =
                new ObjectMapper(
                        JsonFactory.builder()
                                .streamReadConstraints(
                                        StreamReadConstraints.builder()
                                                .maxNestingDepth(MAX_DEPTH)
                                                .maxStringLength(Integer.MAX_VALUE)
                                                .build())
                                .build());
    }

    /// Opens a folder with what an earlier server left in it. One that is missing is made with the first response.
    ///
    /// @throws ConfigException if it cannot be used
    public static ResponseStore open(ResponseStoreOptions options, InstantSource clock) {
        ResponseStore store = new ResponseStore(options, clock);
        try {
            store.folders.refuseUnlessWritable();
            for (Path folder : store.folders.all()) {
                store.takeIn(folder);
            }
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(
                    "%s: cannot be used as a folder of responses (%s); want one that can be written to"
                            .formatted(options.directory(), e.getClass().getSimpleName()),
                    e);
        }
        store.sweep();
        return store;
    }

    private void takeIn(Path folder) throws IOException {
        Shelf shelf = new Shelf();
        record Found(String id, Entry entry) {}
        try (Stream<Path> files = Files.list(folder)) {
            List<Found> found =
                    files.filter(file -> !removedAsPart(file))
                            .filter(file -> idOf(file).isPresent())
                            .map(file -> new Found(idOf(file).orElseThrow(), entry(file)))
                            .sorted(Comparator.comparing(one -> one.entry().used()))
                            .toList();
            found.forEach(one -> shelf.put(one.id(), one.entry()));
        }
        shelves.put(folder.getFileName().toString(), shelf);
    }

    private boolean removedAsPart(Path file) {
        if (!file.toString().endsWith(PART_SUFFIX)) {
            return false;
        }
        if (entry(file).used().plus(PART_AGE).isBefore(clock.instant())) {
            TenantFolders.delete(file);
        }
        return true;
    }

    private static Optional<String> idOf(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(SUFFIX)
                ? Optional.of(name.substring(0, name.length() - SUFFIX.length()))
                        .filter(id -> ID.matcher(id).matches())
                : Optional.empty();
    }

    private static Entry entry(Path file) {
        try {
            return new Entry(Files.size(file), Files.getLastModifiedTime(file).toInstant());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Keeps a response, and drops older ones of its tenant as far as it needs their room.
    ///
    /// @return whether it is kept: it is not if it is larger than all that a tenant may keep, or the disk does not take it
    public boolean put(String tenant, StoredResponse response) {
        ObjectNode whole = json.createObjectNode();
        whole.set("response", response.response());
        whole.set("input", response.input());
        Path folder = folders.of(tenant);
        try {
            byte[] bytes = json.writeValueAsBytes(whole);
            if (bytes.length > options.quotaBytes()) {
                return false;
            }
            TenantFolders.make(folder);
            Path part = Files.createTempFile(folder, response.id(), PART_SUFFIX);
            try {
                Files.write(part, bytes);
                Files.setLastModifiedTime(part, FileTime.from(clock.instant()));
                shelve(folder, part, response.id(), bytes.length);
            } finally {
                Files.deleteIfExists(part);
            }
            disk.succeeded();
            return true;
        } catch (IOException e) {
            disk.failed(e); // the answer itself is not lost
            return false;
        }
    }

    private synchronized void shelve(Path folder, Path part, String id, long bytes)
            throws IOException {
        Shelf shelf = shelf(folder);
        shelf.remove(id);
        while (shelf.bytes + bytes > options.quotaBytes()
                || shelf.entries.size() >= MAX_RESPONSES) {
            shelf.dropFirst(folder);
        }
        Files.move(part, file(folder, id), StandardCopyOption.ATOMIC_MOVE);
        shelf.put(id, new Entry(bytes, clock.instant()));
    }

    private Shelf shelf(Path folder) {
        return shelves.computeIfAbsent(folder.getFileName().toString(), _ -> new Shelf());
    }

    /// A tenant's response, which has been used now; empty if there is none, or it has expired.
    public Optional<StoredResponse> get(String tenant, String id) {
        if (size(tenant, id).isEmpty()) {
            return Optional.empty();
        }
        Path file = file(folders.of(tenant), id);
        try {
            JsonNode whole = json.readTree(file.toFile());
            return Optional.of(
                    new StoredResponse(whole.path("response"), (ArrayNode) whole.path("input")));
        } catch (FileNotFoundException e) {
            forget(tenant, id);
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /// Bytes that a tenant's response has on disk; it has been used now. Empty as in [#get].
    public OptionalLong size(String tenant, String id) {
        if (!ID.matcher(id).matches()) {
            return OptionalLong.empty();
        }
        Path file = file(folders.of(tenant), id);
        synchronized (this) {
            Shelf shelf = shelf(file.getParent());
            Entry entry = shelf.entries.get(id);
            if (entry == null && !Files.exists(file)) {
                return OptionalLong.empty();
            }
            try {
                // one that this server takes over from may still write here
                Entry known = entry == null ? entry(file) : entry;
                if (isExpired(known)) {
                    shelf.remove(id);
                    TenantFolders.delete(file);
                    return OptionalLong.empty();
                }
                Files.setLastModifiedTime(file, FileTime.from(clock.instant()));
                shelf.put(id, new Entry(known.bytes(), clock.instant()));
                return OptionalLong.of(known.bytes());
            } catch (IOException | UncheckedIOException e) {
                shelf.remove(id);
                return OptionalLong.empty();
            }
        }
    }

    private synchronized void forget(String tenant, String id) {
        shelf(folders.of(tenant)).remove(id);
    }

    /// Drops a tenant's response.
    ///
    /// @return whether there was one
    public synchronized boolean delete(String tenant, String id) {
        if (size(tenant, id).isEmpty()) {
            return false;
        }
        forget(tenant, id);
        TenantFolders.delete(file(folders.of(tenant), id));
        return true;
    }

    /// Drops what has expired; to be called now and then.
    public synchronized void sweep() {
        shelves.forEach((name, shelf) -> {
            Path folder = options.directory().resolve(name);
            while (!shelf.entries.isEmpty() && isExpired(shelf.entries.firstEntry().getValue())) {
                shelf.dropFirst(folder);
            }
        });
    }

    private boolean isExpired(Entry entry) {
        return entry.used().plus(options.expiry()).isBefore(clock.instant());
    }

    private static Path file(Path folder, String id) {
        return folder.resolve(id + SUFFIX);
    }
}
