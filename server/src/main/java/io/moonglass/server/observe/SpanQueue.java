package io.moonglass.server.observe;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// Spans on their way to a collector: a bounded number, so that a collector that is gone costs requests nothing. What
/// there is no room for, or what is not taken, is dropped and counted; the log tells of the first and of the recovery.
final class SpanQueue implements SpanProcessor {

    private static final System.Logger LOG = System.getLogger(SpanQueue.class.getName());
    private static final int MAX_BATCH = 512;
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final String collector;
    private final int capacity;
    private final BatchSpanProcessor batches;
    private final AtomicInteger numWaiting = new AtomicInteger();
    private final LongAdder dropped = new LongAdder();
    private final AtomicBoolean failing = new AtomicBoolean();

    /// @param collector as the log shall call it
    /// @param capacity  spans that may wait
    /// @param timeout   of one batch, tries included
    SpanQueue(SpanExporter exporter, String collector, int capacity, Duration timeout) {
        this.collector = collector;
        this.capacity = capacity;
        this.batches =
                BatchSpanProcessor.builder(new Counted(exporter))
                        .setMaxQueueSize(capacity)
                        .setMaxExportBatchSize(Math.min(capacity, MAX_BATCH))
                        .setScheduleDelay(INTERVAL)
                        .setExporterTimeout(timeout)
                        .build();
    }

    long numDropped() {
        return dropped.sum();
    }

    /// Tells what becomes of batches. Its calls come from the processor's one thread.
    private final class Counted implements SpanExporter {

        private final SpanExporter exporter;

        Counted(SpanExporter exporter) {
            this.exporter = exporter;
        }

        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            int count = spans.size();
            numWaiting.addAndGet(-count);
            CompletableResultCode result = exporter.export(spans);
            result.whenComplete(() -> ended(result.isSuccess(), count));
            return result;
        }

        @Override
        public CompletableResultCode flush() {
            return exporter.flush();
        }

        @Override
        public CompletableResultCode shutdown() {
            return exporter.shutdown();
        }
    }

    private void ended(boolean taken, int count) {
        if (!taken) {
            drop(count);
        } else if (failing.compareAndSet(true, false)) {
            LOG.log(System.Logger.Level.INFO, "the collector {0} takes spans again", collector);
        }
    }

    private void drop(int count) {
        dropped.add(count);
        if (failing.compareAndSet(false, true)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the collector {0} does not take spans, which are dropped until it does; is its address right, and does it run?",
                    collector);
        }
    }

    @Override
    public void onStart(Context parent, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
        return false;
    }

    @Override
    public void onEnd(ReadableSpan span) {
        if (!span.getSpanContext().isSampled()) {
            return;
        }
        if (numWaiting.incrementAndGet() > capacity) {
            numWaiting.decrementAndGet();
            drop(1);
        } else {
            batches.onEnd(span);
        }
    }

    @Override
    public boolean isEndRequired() {
        return true;
    }

    @Override
    public CompletableResultCode forceFlush() {
        return batches.forceFlush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return batches.shutdown();
    }
}
