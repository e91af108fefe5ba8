package io.moonglass.loader.disk;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/// A folder that is there as a whole or not at all: it is filled under another name beside its place, and takes the
/// place when it is complete. A run that fails leaves nothing; what one that was killed left, the next one into the same
/// place removes.
///
/// ```java
/// try (NewFolder folder = NewFolder.begin(directory)) {
///     Files.writeString(folder.path().resolve("config.json"), config);
///     folder.commit();
/// }
/// ```
public final class NewFolder implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(NewFolder.class.getName());

    /// In each folder that grows, and locked for as long as it does: so it can be told from what a killed run left.
    private static final String LOCK_FILE = ".lock";

    /// Folders that this process fills. Their locks are not tried: to close a second channel would give them up.
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private final Path target;
    private final Path growing;
    private final FileChannel lockFile;

    private NewFolder(Path target, Path growing, FileChannel lockFile) {
        this.target = target;
        this.growing = growing;
        this.lockFile = lockFile;
    }

    /// Makes the folder that is to be filled, with those above it, and removes what killed runs left.
    ///
    /// @param directory what it will be called; must not be there yet
    /// @throws ConfigException if it is there, or somebody else fills it
    /// @throws IOException     if it cannot be made
    public static NewFolder begin(Path directory) throws IOException {
        Path named = directory.toAbsolutePath().normalize();
        checkAbsent(directory, named);
        Files.createDirectories(named.getParent());
        Path target = // one name for it, whatever links led there
                named.getParent().toRealPath().resolve(named.getFileName());
        removeLeftovers(directory, target);
        checkAbsent(directory, target); // who filled it may have ended meanwhile
        Path growing =
                target.resolveSibling(
                        ".%s.%s.unfinished".formatted(target.getFileName(), UUID.randomUUID()));
        OWN.add(growing);
        try {
            Files.createDirectory(growing);
            return new NewFolder(target, growing, locked(directory, growing));
        } catch (IOException | RuntimeException | Error e) {
            OWN.remove(growing);
            throw e;
        }
    }

    /// Where to write until it is complete.
    public Path path() {
        return growing;
    }

    /// Gives the folder its name.
    public void commit() throws IOException {
        Files.move(growing, target, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(
                target.resolve(LOCK_FILE)); // not before: it would count as left behind
    }

    /// Removes what was not committed, so that the disk has its room back.
    @Override
    public void close() {
        try (lockFile) {
            remove(growing);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, growing + " cannot be removed", e);
        } finally {
            OWN.remove(growing);
        }
    }

    private static void checkAbsent(Path directory, Path target) {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) { // no link is replaced either
            throw new ConfigException(
                    "%s: it is there already; remove it or name another".formatted(directory));
        }
    }

    private static FileChannel locked(Path directory, Path growing) throws IOException {
        FileChannel channel;
        try {
            channel =
                    FileChannel.open(
                            growing.resolve(LOCK_FILE),
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException | NoSuchFileException e) { // one tidied up meanwhile
            throw filledByOther(directory);
        }
        try {
            if (channel.tryLock() == null) { // one does so now
                channel.close();
                throw filledByOther(directory);
            }
        } catch (IOException e) { // some network volumes: none that tidies up gets one either
            LOG.log(System.Logger.Level.DEBUG, growing + " cannot be locked", e);
        }
        return channel;
    }

    /// Names are drawn, so a folder that nobody holds will never be held again.
    private static void removeLeftovers(Path directory, Path target) throws IOException {
        Pattern names =
                Pattern.compile(
                        Pattern.quote("." + target.getFileName())
                                + "(\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?\\.unfinished");
        try (DirectoryStream<Path> siblings =
                Files.newDirectoryStream(
                        target.getParent(),
                        file -> names.matcher(file.getFileName().toString()).matches())) {
            for (Path leftover : siblings) {
                removeUnlessHeld(directory, leftover);
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static void removeUnlessHeld(Path directory, Path leftover) throws IOException {
        if (OWN.contains(leftover)) {
            throw filledByOther(directory);
        }
        try (FileChannel channel =
                        FileChannel.open(
                                leftover.resolve(LOCK_FILE),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null) {
                throw filledByOther(directory);
            }
            remove(leftover);
        } catch (OverlappingFileLockException e) { // two threads tidy up
            throw filledByOther(directory);
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, leftover + " is gone", e);
        } catch (IOException e) { // another user's, or a disk without locks
            LOG.log(
                    System.Logger.Level.WARNING,
                    leftover + " was left by an earlier run; remove it if nobody writes it",
                    e);
        }
    }

    private static ConfigException filledByOther(Path directory) {
        return new ConfigException(
                "%s: another run is writing it; wait for its end, or name another folder"
                        .formatted(directory));
    }

    private static void remove(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(
                directory,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.deleteIfExists(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path folder, IOException fault)
                            throws IOException {
                        Files.deleteIfExists(folder);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
