package io.moonglass.server.command;

import java.time.Duration;
import java.util.Locale;

/// How far bytes have come, and how long the rest will take.
///
/// @param numNew bytes of this run, which may go on from an earlier one
record TransferProgress(long numBytes, long numBytesAll, long numNew, Duration elapsed) {

    private static final double MEGA = 1e6;
    private static final double GIGA = 1e9;

    /// Before that a rate says nothing.
    private static final Duration SETTLED = Duration.ofSeconds(1);

    private static final Duration LONGEST = Duration.ofDays(1);

    /// Such as `1.2 of 4.5 GB, 80.0 MB/s, 0:41 left`.
    @Override
    public String toString() {
        double unit = numBytesAll < GIGA ? MEGA : GIGA;
        String amount =
                String.format(
                        Locale.ROOT,
                        "%.1f of %.1f %s",
                        numBytes / unit,
                        numBytesAll / unit,
                        unit == MEGA ? "MB" : "GB");
        if (elapsed.compareTo(SETTLED) < 0 || numNew == 0) {
            return amount;
        }
        double rate = numNew / (elapsed.toNanos() / 1e9);
        Duration left = Duration.ofSeconds(Math.round((numBytesAll - numBytes) / rate));
        String rated = amount + String.format(Locale.ROOT, ", %.1f MB/s", rate / MEGA);
        return left.compareTo(LONGEST) > 0
                ? rated
                : rated + ", %d:%02d left".formatted(left.toMinutes(), left.toSecondsPart());
    }
}
