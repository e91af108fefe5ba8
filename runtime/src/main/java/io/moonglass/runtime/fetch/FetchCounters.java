package io.moonglass.runtime.fetch;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.runtime.OverloadedException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.LongAdder;

/// Counts what becomes of fetches.
final class FetchCounters {

    private final LongAdder fetched = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder nanos = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder cancelled = new LongAdder();

    void fetched(long elapsedNanos) {
        fetched.increment();
        nanos.add(elapsedNanos);
    }

    void received(long numBytes) {
        bytes.add(numBytes);
    }

    void ended(RuntimeException fault) {
        switch (fault) {
            case CancellationException _ -> cancelled.increment();
            case OverloadedException _ -> refused.increment();
            case InvalidRequestException invalid when invalid.kind() != Kind.MEDIA_UNAVAILABLE ->
                    refused.increment();
            default -> failed.increment();
        }
    }

    FetchStatistics statistics() {
        return new FetchStatistics(
                fetched.sum(),
                bytes.sum(),
                nanos.sum() / 1e9,
                refused.sum(),
                failed.sum(),
                cancelled.sum());
    }
}
