package io.moonglass.server.http;

import java.util.function.LongSupplier;

/// How many frames that ask for work and carry none a client may send: resets, settings, pings and the like. What a
/// client does in good faith stays far below; who floods is told to calm down and cut off. Used by one thread.
///
/// Against CVE-2023-44487 (rapid reset), CVE-2024-27316 and its like (continuation flood), CVE-2019-9512 to 9518
/// (floods of pings, settings, empty frames and priorities), CVE-2025-8671 (resets that a client provokes).
final class Http2Allowance {

    private static final int CAPACITY = 10_000;
    private static final int PER_SECOND = 1_000;
    private static final int MAX_CONTINUATIONS = 32;

    private final LongSupplier nanoTime;
    private double left = CAPACITY;
    private long lastNanos;
    private int numContinuations;

    /// @param nanoTime tells the time, as [System#nanoTime()] does
    Http2Allowance(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.lastNanos = nanoTime.getAsLong();
    }

    /// Whether the client may have sent this one.
    boolean allows(Http2Frame frame) {
        numContinuations = frame.type() == Http2Frame.CONTINUATION ? numContinuations + 1 : 0;
        return numContinuations <= MAX_CONTINUATIONS && spend(costOf(frame));
    }

    /// Whether a client may have the server reset one more stream.
    boolean allowsReset() {
        return spend(50);
    }

    private static int costOf(Http2Frame frame) {
        return switch (frame.type()) {
            case Http2Frame.DATA -> frame.length() == 0 && !frame.endsStream() ? 50 : 0;
            case Http2Frame.HEADERS -> 0; // is a request, which has limits of its own
            case Http2Frame.SETTINGS -> 100;
            case Http2Frame.RST_STREAM, Http2Frame.PING -> 50;
            case Http2Frame.CONTINUATION -> 5;
            case Http2Frame.WINDOW_UPDATE -> 1; // every few events of a long answer
            default -> 10;
        };
    }

    private synchronized boolean spend(int cost) {
        long now = nanoTime.getAsLong();
        left = Math.min(CAPACITY, left + (now - lastNanos) / 1e9 * PER_SECOND) - cost;
        lastNanos = now;
        return left >= 0;
    }
}
