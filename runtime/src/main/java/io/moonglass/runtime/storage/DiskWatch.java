package io.moonglass.runtime.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Whether a folder takes what requests would have it keep. The first failure is logged, and the first success after
/// one; what fails between the two is only counted, so that a full disk is not filled with lines of the log as well.
/// Safe to use from any thread.
public final class DiskWatch {

    private static final System.Logger LOG = System.getLogger(DiskWatch.class.getName());

    /// Less than this is left on a disk that is full: what others delete meanwhile is soon taken.
    private static final long NEXT_TO_NOTHING = 1 << 16;

    private final String what;
    private final Path folder;
    private long numFailed;

    /// @param what   is kept there, as messages call it: `uploaded files`
    /// @param folder may be missing
    public DiskWatch(String what, Path folder) {
        this.what = what;
        this.folder = folder.toAbsolutePath();
    }

    /// Something could not be written.
    ///
    /// @return the fault, to be thrown
    public StorageException failed(IOException cause) {
        boolean full = isFull(cause);
        synchronized (this) {
            if (numFailed++ == 0) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        "%s cannot be written to %s%s; requests that need it are refused until it can"
                                .formatted(what, folder, full ? ": the disk is full" : ""),
                        cause);
            }
        }
        return new StorageException(
                full,
                full
                        ? "the server's disk has no room for %s now; ask again later, or another server"
                                .formatted(what)
                        : "the server cannot keep %s now: its disk fails, or its folder is not to be written to"
                                .formatted(what),
                cause);
    }

    /// Something was written.
    public synchronized void succeeded() {
        if (numFailed > 0) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0} can be written to {1} again; requests that were refused meanwhile: {2}",
                    what,
                    folder,
                    numFailed);
            numFailed = 0;
        }
    }

    /// The system's words are in the language of whoever started the server, so the room that is left counts too.
    private boolean isFull(IOException cause) {
        String words = String.valueOf(cause.getMessage());
        if (words.contains("No space left") || words.contains("quota exceeded")) {
            return true;
        }
        try {
            return Files.getFileStore(nearest()).getUsableSpace() < NEXT_TO_NOTHING;
        } catch (IOException e) {
            return false;
        }
    }

    private Path nearest() {
        Path nearest = folder;
        while (!Files.exists(nearest) && nearest.getParent() != null) {
            nearest = nearest.getParent();
        }
        return nearest;
    }
}
