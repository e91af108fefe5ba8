package io.moonglass.server.observe;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.moonglass.server.observe.HeapDumpRefusedException.Kind;
import io.moonglass.server.storage.TenantFolders;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/// Heap dumps in a folder that nobody else can read: they hold what callers have sent. The newest few are kept; one is
/// written at a time. Safe to use from any thread.
public final class HeapDumps {

    private static final System.Logger LOG = System.getLogger(HeapDumps.class.getName());
    private static final int MOST = 3;
    private static final String SUFFIX = ".hprof";
    private static final String PART_PREFIX = "part-";

    /// What is left for others on the disk.
    private static final long SPARE_BYTES = 64L << 20;

    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("'heap-'yyyyMMdd'T'HHmmss.SSS'Z" + SUFFIX + "'")
                    .withZone(ZoneOffset.UTC);

    private final Path folder;
    private final ReentrantLock writing = new ReentrantLock();

    /// A dump that was written.
    public record Dump(Path path, long bytes) {}

    /// @param folder made when a dump is asked for
    public HeapDumps(Path folder) {
        this.folder = folder.toAbsolutePath();
    }

    /// Writes what is reachable now; the process stands still meanwhile.
    ///
    /// @throws HeapDumpRefusedException if it cannot be had
    public Dump dump() {
        if (!writing.tryLock()) {
            throw new HeapDumpRefusedException(
                    Kind.RUNNING, "another heap dump is being written; wait for it", null);
        }
        try {
            return write();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "no heap dump can be written to " + folder, e);
            throw new HeapDumpRefusedException(
                    Kind.FAILED,
                    "no heap dump can be written to the state directory; the server's log says why",
                    e);
        } finally {
            writing.unlock();
        }
    }

    private Dump write() throws IOException {
        TenantFolders.make(folder);
        removeAllBut(MOST - 1);
        refuseIfFull();
        String name = NAME.format(Instant.now());
        Path part = folder.resolve(PART_PREFIX + name);
        try {
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .dumpHeap(part.toString(), true);
            Path dump = folder.resolve(name);
            Files.move(part, dump, StandardCopyOption.ATOMIC_MOVE);
            long bytes = Files.size(dump);
            LOG.log(System.Logger.Level.INFO, "heap dump: {0}, {1} bytes", dump, bytes);
            return new Dump(dump, bytes);
        } finally {
            TenantFolders.delete(part);
        }
    }

    /// Names order dumps by time; what was begun and not finished goes, too.
    private void removeAllBut(int numKept) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> dumps =
                    files.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
            List<Path> whole =
                    dumps.stream()
                            .filter(file -> !file.getFileName().toString().startsWith(PART_PREFIX))
                            .toList();
            dumps.stream().filter(file -> !whole.contains(file)).forEach(TenantFolders::delete);
            whole.stream()
                    .limit(Math.max(0, whole.size() - numKept))
                    .forEach(TenantFolders::delete);
        }
    }

    /// A dump is about as large as what is in use, garbage included that is found out only while it is written.
    private void refuseIfFull() throws IOException {
        long wanted =
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() + SPARE_BYTES;
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < wanted) {
            throw new HeapDumpRefusedException(
                    Kind.NO_ROOM,
                    "a heap dump wants up to %,d bytes on the disk of the state directory, %,d are free; make room first"
                            .formatted(wanted, free),
                    null);
        }
    }
}
