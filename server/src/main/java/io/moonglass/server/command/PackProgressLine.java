package io.moonglass.server.command;

import io.moonglass.loader.pack.PackProgress;
import java.io.PrintWriter;
import java.time.Duration;

/// How far a packing is: one line that changes on a terminal, a line for every tenth elsewhere.
final class PackProgressLine implements PackProgress {

    private final PrintWriter err;
    private final boolean onTerminal = System.console() != null && System.console().isTerminal();
    private final long start = System.nanoTime();
    private long lastTenth;

    PackProgressLine(PrintWriter err) {
        this.err = err;
    }

    @Override
    public void at(int numTensors, int numTensorsAll, long numBytes, long numBytesAll) {
        long tenth = 10 * numBytes / Math.max(1, numBytesAll);
        boolean done = numTensors == numTensorsAll;
        if (!onTerminal && tenth == lastTenth && !done) {
            return;
        }
        lastTenth = tenth;
        double seconds = (System.nanoTime() - start) / 1e9;
        double rate = numBytes / seconds;
        long left = Math.round((numBytesAll - numBytes) / rate);
        err.printf(
                onTerminal ? "\r%s" : "%s%n",
                "moonglass: %d of %d tensors, %.2f of %.2f GB, %.0f MB/s, %s left"
                        .formatted(
                                numTensors,
                                numTensorsAll,
                                numBytes / 1e9,
                                numBytesAll / 1e9,
                                rate / 1e6,
                                spelled(Duration.ofSeconds(left))));
        if (done && onTerminal) {
            err.println();
        }
        err.flush();
    }

    private static String spelled(Duration left) {
        return "%d:%02d".formatted(left.toMinutes(), left.toSecondsPart());
    }
}
