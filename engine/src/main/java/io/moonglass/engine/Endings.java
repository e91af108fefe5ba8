package io.moonglass.engine;

import java.util.function.Consumer;

/// Ends sequences: takes them out, and tells their sinks once. Engine thread only.
final class Endings {

    private static final System.Logger LOG = System.getLogger(Endings.class.getName());

    private final Scheduler scheduler;

    Endings(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    /// Does nothing if the sequence has ended.
    void finish(Sequence sequence, FinishReason reason) {
        if (scheduler.remove(sequence)) {
            tell(sequence, sink -> sink.finished(reason));
        }
    }

    /// Does nothing if the sequence has ended.
    void fail(Sequence sequence, Throwable fault) {
        if (scheduler.remove(sequence)) {
            RuntimeException told =
                    fault instanceof RuntimeException e ? e : new IllegalStateException(fault);
            tell(sequence, sink -> sink.failed(told));
        }
    }

    /// A sink that throws harms nobody but its own caller.
    static void tell(Sequence sequence, Consumer<TokenSink> news) {
        sequence.inContext(() -> {
            try {
                news.accept(sequence.sink());
            } catch (RuntimeException | Error e) {
                LOG.log(System.Logger.Level.ERROR, "a caller's sink failed", e);
            }
        });
    }
}
