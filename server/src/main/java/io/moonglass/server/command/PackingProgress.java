package io.moonglass.server.command;

import io.moonglass.loader.pack.PackProgress;
import java.io.PrintWriter;
import java.time.Duration;

/// How far a packing is, and how long it will take.
final class PackingProgress implements PackProgress, AutoCloseable {

    private final ProgressLine line;
    private final long start = System.nanoTime();

    PackingProgress(PrintWriter err) {
        this.line = new ProgressLine(err);
    }

    @Override
    public void at(int numTensors, int numTensorsAll, long numBytes, long numBytesAll) {
        TransferProgress bytes =
                new TransferProgress(
                        numBytes,
                        numBytesAll,
                        numBytes,
                        Duration.ofNanos(System.nanoTime() - start));
        line.show(
                numBytes,
                numBytesAll,
                () -> "%d of %d tensors, %s".formatted(numTensors, numTensorsAll, bytes));
    }

    @Override
    public void close() {
        line.end();
    }
}
