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
        double rate = numBytes / ((System.nanoTime() - start) / 1e9);
        Duration left = Duration.ofSeconds(Math.round((numBytesAll - numBytes) / rate));
        line.show(
                numBytes,
                numBytesAll,
                () ->
                        "%d of %d tensors, %.2f of %.2f GB, %.0f MB/s, %d:%02d left"
                                .formatted(
                                        numTensors,
                                        numTensorsAll,
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
