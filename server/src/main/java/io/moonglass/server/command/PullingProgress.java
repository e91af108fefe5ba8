package io.moonglass.server.command;

import io.moonglass.server.hub.PullProgress;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/// How far a pull is, and how long it will take.
final class PullingProgress implements PullProgress, AutoCloseable {

    private final ProgressLine line;
    private final long start = System.nanoTime();

    PullingProgress(PrintWriter err) {
        this.line = new ProgressLine(err);
    }

    @Override
    public void at(int numFiles, int numFilesAll, long numBytes, long numBytesAll, long numNew) {
        double rate = Math.max(1, numNew) / ((System.nanoTime() - start) / 1e9);
        Duration left = Duration.ofSeconds(Math.round((numBytesAll - numBytes) / rate));
        line.show(
                numBytes,
                Math.max(1, numBytesAll),
                () ->
                        String.format(
                                Locale.ROOT,
                                "%d of %d files, %.2f of %.2f GB, %.1f MB/s, %d:%02d left",
                                numFiles,
                                numFilesAll,
                                numBytes / 1e9,
                                numBytesAll / 1e9,
                                rate / 1e6,
                                left.toMinutes(),
                                left.toSecondsPart()));
    }

    @Override
    public void close() {
        line.end();
    }
}
