package io.moonglass.runtime.media;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// A folder for files that live no longer than their request. Nobody but this user can look into it; it goes with this
/// process, and what a killed process has left is removed by the next. Made when it is first needed. Any thread.
final class PrivateFolder implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(PrivateFolder.class.getName());
    private static final String PREFIX = "moonglass-media-";
    private static final String LOCK = "lock";

    /// A folder that is younger may not have its lock yet.
    private static final Duration YOUNG = Duration.ofMinutes(1);

    /// Held for as long as its files may be needed.
    private record Locked(Path folder, FileChannel lock) {}

    private final Path parent;
    private Optional<Locked> own = Optional.empty();

    /// @param parent created if missing
    PrivateFolder(Path parent) {
        this.parent = parent;
    }

    /// The folder that it is made in.
    Path parent() {
        return parent;
    }

    /// A new, empty file.
    ///
    /// @throws IOException if the folder cannot be made, or the disk is full
    Path newFile() throws IOException {
        return Files.createTempFile(
                folder(),
                "",
                "",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    /// Made anew where whatever tidies temporary folders has removed it.
    private synchronized Path folder() throws IOException {
        if (own.filter(made -> !Files.isDirectory(made.folder())).isPresent()) {
            close();
        }
        if (own.isEmpty()) {
            own = Optional.of(create());
            removeLeftovers(own.get().folder());
        }
        return own.get().folder();
    }

    private Locked create() throws IOException {
        Files.createDirectories(parent);
        Path folder =
                Files.createTempDirectory(
                        parent,
                        PREFIX,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        FileChannel lock =
                FileChannel.open(
                        folder.resolve(LOCK),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE);
        lock.lock();
        return new Locked(folder, lock);
    }

    /// Folders of this user's own alone: in a shared folder, others may have put links to what is none of ours.
    private void removeLeftovers(Path made) {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, PREFIX + "*")) {
            UserPrincipal user = Files.getOwner(made);
            for (Path left : folders) {
                boolean isOurs =
                        Files.isDirectory(left, LinkOption.NOFOLLOW_LINKS)
                                && Files.getOwner(left, LinkOption.NOFOLLOW_LINKS).equals(user);
                if (isOurs && isLeft(left)) {
                    remove(left);
                }
            }
        } catch (IOException e) { // another process may tidy up at the same time
            LOG.log(System.Logger.Level.DEBUG, "what others have left stays", e);
        }
    }

    /// Whether nobody holds its lock; a process's locks end with it, however it ends.
    private static boolean isLeft(Path folder) throws IOException {
        Instant changed = Files.getLastModifiedTime(folder).toInstant();
        if (changed.isAfter(Instant.now().minus(YOUNG))) {
            return false;
        }
        try (FileChannel channel =
                FileChannel.open(folder.resolve(LOCK), StandardOpenOption.WRITE)) {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // another model of this process
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    private static void remove(Path folder) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            files.forEach(PrivateFolder::delete);
            Files.deleteIfExists(folder);
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, "a temporary folder is gone already", e);
        } catch (IOException | UncheckedIOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: temporary media stay; remove them by hand",
                    folder);
        }
    }

    static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove a temporary file", e);
        }
    }

    @Override
    public synchronized void close() {
        own.ifPresent(PrivateFolder::end);
        own = Optional.empty();
    }

    private static void end(Locked own) {
        remove(own.folder());
        try {
            own.lock().close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "the lock of a removed folder", e);
        }
    }
}
