package io.moonglass.server.files;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.storage.DiskWatch;
import io.moonglass.runtime.storage.StorageException;
import io.moonglass.server.storage.TenantFolders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Keeps uploaded files on disk, apart by tenant: a folder for each, in it the bytes of a file under their hash and a
/// record of every file under its id. Nothing that a caller says becomes a path. Safe to use from any thread.
public final class FileStore {

    private static final System.Logger LOG = System.getLogger(FileStore.class.getName());
    private static final Pattern ID = Pattern.compile("file-[0-9a-f]{32}");
    private static final Pattern HASH = Pattern.compile("sha256:[0-9a-f]{64}");
    private static final String RECORD_SUFFIX = ".json";
    private static final String CONTENT_SUFFIX = ".bin";
    private static final String PART_SUFFIX = ".part";

    /// A writer that still lives has written something in the meantime.
    private static final Duration LEFTOVER_AGE = Duration.ofMinutes(10);

    private final FileStoreOptions options;
    private final TenantFolders folders;
    private final InstantSource clock;
    private final DiskWatch disk;
    private final Set<Path> parts = ConcurrentHashMap.newKeySet();
    private final SecureRandom random = new SecureRandom();
    private final Map<String, FileShelf> shelves = new HashMap<>();
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    private FileStore(FileStoreOptions options, InstantSource clock) {
        this.options = options;
        this.folders = new TenantFolders(options.directory());
        this.clock = clock;
        this.disk = new DiskWatch("uploaded files", options.directory());
    }

    /// Opens a folder with what an earlier server left in it. One that is missing is made with the first file.
    ///
    /// @throws ConfigException if it cannot be used
    public static FileStore open(FileStoreOptions options, InstantSource clock) {
        FileStore store = new FileStore(options, clock);
        try {
            store.folders.refuseUnlessWritable();
            store.sweepFolders();
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(
                    "%s: cannot be used as a folder of files (%s); want one that can be written to"
                            .formatted(options.directory(), e.getClass().getSimpleName()),
                    e);
        }
        return store;
    }

    /// What may be uploaded, and how long it stays.
    public FileStoreOptions options() {
        return options;
    }

    /// Learns what other servers have written and deleted in a folder. A record without its bytes goes.
    ///
    /// @return whether every record could be read
    private boolean takeIn(Path folder) throws IOException {
        FileShelf shelf = shelf(folder);
        for (StoredFile file : shelf.all()) {
            if (!Files.exists(record(folder, file.id()))) {
                shelf.remove(file);
            }
        }
        boolean allRead = true;
        for (Path record : list(folder, RECORD_SUFFIX)) {
            String id = nameWithout(RECORD_SUFFIX, record);
            if (ID.matcher(id).matches() && shelf.byId(id).isEmpty()) {
                try {
                    onDisk(folder, id)
                            .ifPresentOrElse(shelf::put, () -> TenantFolders.delete(record));
                } catch (IOException e) {
                    LOG.log(System.Logger.Level.WARNING, "cannot read " + record, e);
                    allRead = false;
                }
            }
        }
        return allRead;
    }

    private static List<Path> list(Path folder, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix)).toList();
        }
    }

    private static String nameWithout(String suffix, Path file) {
        String name = file.getFileName().toString();
        return name.substring(0, name.length() - suffix.length());
    }

    /// A file as its record says; empty if it has lost its bytes.
    private static Optional<StoredFile> onDisk(Path folder, String id) throws IOException {
        FileRecord record = FileRecord.read(record(folder, id));
        boolean isHash = HASH.matcher("sha256:" + record.sha256()).matches();
        Path content = content(folder, record.sha256());
        boolean isThere =
                isHash && Files.isRegularFile(content) && Files.size(content) == record.numBytes();
        return isThere ? Optional.of(record.file(id, content)) : Optional.empty();
    }

    /// Begins to take in a tenant's file.
    ///
    /// @throws FileRefusedException if it has as many as it may, or the disk takes none
    public FileUpload begin(String tenant) {
        Path folder = folders.of(tenant);
        try {
            TenantFolders.make(folder);
            Path part = Files.createTempFile(folder, "upload-", PART_SUFFIX);
            parts.add(part);
            try {
                return begin(tenant, folder, part);
            } catch (RuntimeException e) {
                parts.remove(part);
                TenantFolders.delete(part);
                throw e;
            }
        } catch (IOException e) {
            throw notWritten(e);
        }
    }

    private synchronized FileUpload begin(String tenant, Path folder, Path part) {
        FileShelf shelf = shelf(folder);
        drop(folder, shelf);
        if (shelf.numFiles() >= options.maxFiles()) {
            throw new FileRefusedException(
                    FileRefusedException.Kind.QUOTA_EXCEEDED,
                    "you have %,d files, the limit is %,d; delete some first"
                            .formatted(shelf.numFiles(), options.maxFiles()));
        }
        shelf.begin();
        return new FileUpload(this, tenant, shelf, part);
    }

    /// Makes sure that more bytes may come, before they are written.
    synchronized void reserve(FileUpload upload, int bytes) {
        if (upload.numBytes() + bytes > options.maxFileBytes()) {
            throw new FileRefusedException(
                    FileRefusedException.Kind.TOO_LARGE,
                    "the file is larger than %,d bytes; send a smaller one"
                            .formatted(options.maxFileBytes()));
        }
        if (upload.shelf().numBytes() + bytes > options.quotaBytes()) {
            throw new FileRefusedException(
                    FileRefusedException.Kind.QUOTA_EXCEEDED,
                    "your files would take more than %,d bytes; delete some first"
                            .formatted(options.quotaBytes()));
        }
        upload.shelf().came(bytes);
    }

    StoredFile keep(
            FileUpload upload,
            String sha256,
            String name,
            String purpose,
            Optional<Duration> expiresAfter) {
        Path folder = folders.of(upload.tenant());
        Instant now = Instant.ofEpochMilli(clock.millis());
        StoredFile file =
                new StoredFile(
                        newId(),
                        sha256,
                        upload.numBytes(),
                        name,
                        purpose,
                        now,
                        Stream.of(expiresAfter, options.expiry())
                                .flatMap(Optional::stream)
                                .min(Comparator.naturalOrder())
                                .map(now::plus),
                        content(folder, sha256));
        try {
            shelve(upload, folder, file);
        } catch (IOException e) {
            throw notWritten(e);
        }
        return file;
    }

    /// The bytes first, then the record: a file is there as soon as its record is.
    private synchronized void shelve(FileUpload upload, Path folder, StoredFile file)
            throws IOException {
        if (upload.shelf().holds(file.sha256()) && Files.exists(file.content())) {
            Files.setLastModifiedTime(file.content(), FileTime.from(Instant.now()));
        } else {
            Files.move(upload.part(), file.content(), StandardCopyOption.ATOMIC_MOVE);
        }
        Path record = Files.createTempFile(folder, "record-", PART_SUFFIX);
        try {
            FileRecord.of(file).write(record);
            Files.move(record, record(folder, file.id()), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(record);
        }
        upload.shelf().put(file);
        disk.succeeded();
    }

    void end(FileUpload upload) {
        synchronized (this) {
            upload.shelf().end(upload.numBytes());
        }
        TenantFolders.delete(upload.part());
        parts.remove(upload.part());
    }

    private String newId() {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        return "file-" + HexFormat.of().formatHex(bytes);
    }

    /// A tenant's file by its id, or by `sha256:` and the hash of its bytes; empty if there is none, or it has expired.
    public Optional<StoredFile> find(String tenant, String idOrHash) {
        Optional<StoredFile> found = onShelf(tenant, idOrHash);
        (found.isPresent() ? hits : misses).increment();
        return found;
    }

    public synchronized FileStatistics statistics() {
        return new FileStatistics(
                shelves.values().stream().mapToLong(FileShelf::numBytes).sum(),
                hits.sum(),
                misses.sum());
    }

    private Optional<StoredFile> onShelf(String tenant, String idOrHash) {
        boolean isId = ID.matcher(idOrHash).matches();
        if (!isId && !HASH.matcher(idOrHash).matches()) {
            return Optional.empty();
        }
        Path folder = folders.of(tenant);
        synchronized (this) {
            FileShelf shelf = shelf(folder);
            Stream<StoredFile> found =
                    isId
                            ? byId(shelf, folder, idOrHash).stream()
                            : shelf.byContent(idOrHash.substring("sha256:".length())).stream();
            return found.filter(file -> !file.isExpired(clock.instant()))
                    .filter(file -> Files.exists(file.content()))
                    .findFirst();
        }
    }

    /// Also one that another server has written here meanwhile.
    private static Optional<StoredFile> byId(FileShelf shelf, Path folder, String id) {
        Optional<StoredFile> known = shelf.byId(id);
        if (known.isPresent() || !Files.exists(record(folder, id))) {
            return known;
        }
        try {
            Optional<StoredFile> written = onDisk(folder, id);
            written.ifPresent(shelf::put);
            return written;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /// All files of a tenant, the newest first.
    public synchronized List<StoredFile> list(String tenant) {
        Path folder = folders.of(tenant);
        FileShelf shelf = shelf(folder);
        drop(folder, shelf);
        return shelf.all().stream()
                .sorted(
                        Comparator.comparing(StoredFile::created)
                                .thenComparing(StoredFile::id)
                                .reversed())
                .toList();
    }

    /// Drops a tenant's file. Its bytes stay as long as another file has the same.
    ///
    /// @return whether there was one
    public synchronized boolean delete(String tenant, String id) {
        Optional<StoredFile> file =
                ID.matcher(id).matches() ? onShelf(tenant, id) : Optional.empty();
        Path folder = folders.of(tenant);
        file.ifPresent(found -> remove(folder, shelf(folder), found));
        return file.isPresent();
    }

    /// Drops what has expired and what writers that died left over; to be called now and then.
    public void sweep() {
        try {
            sweepFolders();
        } catch (IOException | UncheckedIOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot sweep " + options.directory(), e);
        }
    }

    private void sweepFolders() throws IOException {
        for (Path folder : folders.all()) {
            synchronized (this) {
                boolean allRead = takeIn(folder);
                drop(folder, shelf(folder));
                dropUnfinished(folder);
                if (allRead) {
                    dropWithoutRecord(folder, shelf(folder));
                }
            }
        }
    }

    private void drop(Path folder, FileShelf shelf) {
        Instant now = clock.instant();
        shelf.all().stream()
                .filter(file -> file.isExpired(now))
                .forEach(file -> remove(folder, shelf, file));
    }

    private static void remove(Path folder, FileShelf shelf, StoredFile file) {
        TenantFolders.delete(record(folder, file.id()));
        if (shelf.remove(file)) {
            TenantFolders.delete(file.content());
        }
    }

    /// Uploads and records whose writer died. Our own writers live, whatever is done to the machine's clock.
    private void dropUnfinished(Path folder) throws IOException {
        for (Path part : list(folder, PART_SUFFIX)) {
            if (!parts.contains(part)) {
                dropIfOld(part);
            }
        }
    }

    /// Bytes whose writer died before it wrote their record.
    private static void dropWithoutRecord(Path folder, FileShelf shelf) throws IOException {
        for (Path content : list(folder, CONTENT_SUFFIX)) {
            if (!shelf.holds(nameWithout(CONTENT_SUFFIX, content))) {
                dropIfOld(content);
            }
        }
    }

    /// By the machine's own clock, as a file's time is.
    private static void dropIfOld(Path file) throws IOException {
        Instant oldest = Instant.now().minus(LEFTOVER_AGE);
        if (Files.exists(file) && Files.getLastModifiedTime(file).toInstant().isBefore(oldest)) {
            TenantFolders.delete(file);
        }
    }

    private FileShelf shelf(Path folder) {
        return shelves.computeIfAbsent(folder.getFileName().toString(), _ -> new FileShelf());
    }

    private static Path record(Path folder, String id) {
        return folder.resolve(id + RECORD_SUFFIX);
    }

    private static Path content(Path folder, String sha256) {
        return folder.resolve(sha256 + CONTENT_SUFFIX);
    }

    /// The fault that a file is there and cannot be read; it is logged.
    public static FileRefusedException unreadable(IOException cause) {
        LOG.log(System.Logger.Level.ERROR, "cannot read an uploaded file", cause);
        return new FileRefusedException(
                FileRefusedException.Kind.DISK,
                "the server cannot read the file now: its disk fails",
                cause);
    }

    /// The fault that a file cannot be written; the first of a row of them is logged.
    FileRefusedException notWritten(IOException cause) {
        StorageException fault = disk.failed(cause);
        return new FileRefusedException(
                fault.isFull()
                        ? FileRefusedException.Kind.DISK_FULL
                        : FileRefusedException.Kind.DISK,
                fault.getMessage(),
                cause);
    }
}
