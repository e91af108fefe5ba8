package io.moonglass.server.command;

import io.moonglass.server.hub.PullProgress;
import java.io.PrintWriter;
import java.time.Duration;

/// How far a pull is, and how long it will take.
final class PullingProgress implements PullProgress, AutoCloseable {

    private final ProgressLine line;
    private final long start = System.nanoTime();

    PullingProgress(PrintWriter err) {
        this.line = new ProgressLine(err);
    }

    @Override
    public void at(int numFiles, int numFilesAll, long numBytes, long numBytesAll, long numNew) {
        TransferProgress bytes =
                new TransferProgress(
                        numBytes, numBytesAll, numNew, Duration.ofNanos(System.nanoTime() - start));
        line.show(
                numBytes,
                Math.max(1, numBytesAll),
                () -> "%d of %d files, %s".formatted(numFiles, numFilesAll, bytes));
    }

    @Override
    public void close() {
        line.end();
    }
}
