package io.moonglass.server.install;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Copies a checkpoint to where a server shall find it. The target is there with all that belongs to it or not at all: it
/// is written beside, checked, and renamed. Several processes may want the same target: one copies, the others wait.
public final class ModelInstallation {

    /// Lists what was installed; written last into a folder, so a folder that has it is complete.
    static final String LIST = ".moonglass-sha256sums";

    private static final System.Logger LOG = System.getLogger(ModelInstallation.class.getName());
    private static final int BUFFER_BYTES = 4 << 20;
    private static final String PARTIAL = ".partial";

    private final Path source;
    private final Path target;
    private final Optional<Sha256Sums> wanted;

    /// @param source a checkpoint's folder
    /// @param target the folder that is made; its parent is made where it is missing
    /// @param sums   a file that `sha256sum` wrote in the source: what it names is copied, and nothing else
    /// @throws ConfigException if the sums cannot be read
    public ModelInstallation(Path source, Path target, Optional<Path> sums) {
        this.source = source.toAbsolutePath().normalize();
        this.target = target.toAbsolutePath().normalize();
        this.wanted = sums.map(Sha256Sums::read);
    }

    /// Copies, unless the target has all of it already.
    ///
    /// @return whether anything was copied
    /// @throws ConfigException if the source is no checkpoint, a file is not what the sums say, the target is something
    ///                         else, or the disk has no room
    public boolean run(InstallProgress progress) {
        Path parent = target.getParent();
        if (parent == null) {
            throw new ConfigException("%s: cannot be made; name a folder in it".formatted(target));
        }
        try {
            Files.createDirectories(parent);
            try (FileChannel channel = lockFile(parent);
                    FileLock _ = lock(channel)) {
                // where the target is complete the source is not even looked at: it may be gone
                if (isInstalled()) {
                    return false;
                }
                removePartial(parent);
                copy(parent, progress);
                return true;
            }
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(
                    "%s: cannot be installed in %s: %s".formatted(source, target, e), e);
        }
    }

    /// Stays when it is unlocked: to delete it would take it from under one who waits for it.
    private FileChannel lockFile(Path parent) throws IOException {
        return FileChannel.open(
                parent.resolve("." + target.getFileName() + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
    }

    private FileLock lock(FileChannel channel) throws IOException {
        FileLock free = channel.tryLock();
        if (free != null) {
            return free;
        }
        LOG.log(System.Logger.Level.INFO, "another process installs {0}; waiting for it", target);
        return channel.lock();
    }

    /// Whether the target is what is wanted; an empty folder counts as none.
    private boolean isInstalled() throws IOException {
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS) || isEmptyFolder()) {
            return false;
        }
        Path list = target.resolve(LIST);
        if (!Files.isRegularFile(list)) {
            throw new ConfigException(
                    "%s: is there already, and was not installed by this command; remove it or name another"
                            .formatted(target));
        }
        Sha256Sums installed = Sha256Sums.read(list);
        for (String path : installed.byPath().keySet()) {
            if (!Files.isRegularFile(target.resolve(path))) {
                throw new ConfigException(
                        "%s: %s is missing since it was installed; remove the folder"
                                .formatted(target, path));
            }
        }
        if (wanted.isPresent() && !installed.contains(wanted.get())) {
            throw new ConfigException(
                    "%s: holds another model than the sums name; remove it or name another"
                            .formatted(target));
        }
        return true;
    }

    private boolean isEmptyFolder() throws IOException {
        if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        try (Stream<Path> files = Files.list(target)) {
            return files.findAny().isEmpty();
        }
    }

    private void copy(Path parent, InstallProgress progress) throws IOException {
        ModelSourceFolder folder = ModelSourceFolder.read(source);
        SequencedMap<String, Path> files =
                wanted.map(sums -> folder.files(List.copyOf(sums.byPath().keySet())))
                        .orElseGet(folder::files);
        long numBytesAll = 0;
        for (Path file : files.values()) {
            numBytesAll += Files.size(file);
        }
        long room = Files.getFileStore(parent).getUsableSpace();
        if (room < numBytesAll) {
            throw new ConfigException(
                    "%s: has room for %,d bytes, and the model has %,d; want a larger volume"
                            .formatted(parent, room, numBytesAll));
        }
        Path partial = Files.createDirectory(partialFolder(parent));
        try {
            copy(files, partial, numBytesAll, progress);
            move(partial);
        } finally {
            delete(partial);
        }
    }

    private void copy(
            Map<String, Path> files, Path partial, long numBytesAll, InstallProgress progress)
            throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        TreeMap<String, String> copied = new TreeMap<>();
        long numBytes = 0;
        for (Map.Entry<String, Path> file : files.entrySet()) {
            Path to = partial.resolve(file.getKey());
            Files.createDirectories(to.getParent());
            MessageDigest digest = sha256();
            try (InputStream in = Files.newInputStream(file.getValue());
                    FileChannel out =
                            FileChannel.open(
                                    to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                for (int read; (read = in.readNBytes(buffer.array(), 0, BUFFER_BYTES)) > 0; ) {
                    digest.update(buffer.array(), 0, read);
                    buffer.clear().limit(read);
                    while (buffer.hasRemaining()) {
                        out.write(buffer);
                    }
                    numBytes += read;
                    progress.at(file.getKey(), numBytes, Math.max(numBytes, numBytesAll));
                }
                out.force(true);
            }
            String sum = HexFormat.of().formatHex(digest.digest());
            check(file.getKey(), sum);
            copied.put(file.getKey(), sum);
        }
        Files.write(partial.resolve(LIST), new Sha256Sums(copied).lines());
    }

    private void check(String path, String sum) {
        wanted.map(sums -> sums.byPath().get(path))
                .filter(expected -> !expected.equals(sum))
                .ifPresent(expected -> {
                    throw new ConfigException(
                            "%s: SHA-256 is %s, the sums say %s; fetch it again"
                                    .formatted(source.resolve(path), sum, expected));
                });
    }

    private void move(Path partial) throws IOException {
        try {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException
                | DirectoryNotEmptyException
                | FileAlreadyExistsException e) {
            throw new ConfigException(
                    "%s: cannot be put there; name a folder that is not there yet, in a volume and not the volume itself"
                            .formatted(target),
                    e);
        }
    }

    private Path partialFolder(Path parent) {
        return parent.resolve("." + target.getFileName() + PARTIAL);
    }

    /// What a copy that was killed left; nobody writes to it, since the lock is ours.
    private void removePartial(Path parent) throws IOException {
        delete(partialFolder(parent));
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
