package io.moonglass.server.models;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/// Time that goes on evenly from its start, whatever is done to the machine's clock meanwhile: what waits or sleeps by it
/// neither ends early nor hangs when that is set.
public final class SteadyClock implements InstantSource {

    private final Instant start;
    private final LongSupplier nanoTime;
    private final long startNanos;

    public SteadyClock() {
        this(Instant.now(), System::nanoTime);
    }

    SteadyClock(Instant start, LongSupplier nanoTime) {
        this.start = start;
        this.nanoTime = nanoTime;
        this.startNanos = nanoTime.getAsLong();
    }

    @Override
    public Instant instant() {
        return start.plusNanos(nanoTime.getAsLong() - startNanos);
    }
}
