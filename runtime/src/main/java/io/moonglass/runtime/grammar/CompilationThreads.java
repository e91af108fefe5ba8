package io.moonglass.runtime.grammar;

import io.moonglass.runtime.Waiting;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// The few threads that compile grammars. Requests come on virtual threads, which give way to each other only where
/// they wait: a handful of large grammars there would keep all other requests from going on.
final class CompilationThreads {

    private static final ExecutorService THREADS = threads();

    private CompilationThreads() {}

    /// None stays behind when there is nothing to do.
    private static ExecutorService threads() {
        int size = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        ThreadPoolExecutor threads =
                new ThreadPoolExecutor(
                        size,
                        size,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().daemon().name("moonglass-grammars-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /// Waits for its turn and for what is compiled, or until nobody waits for that any more.
    ///
    /// @throws CancellationException if it was abandoned, or the thread is interrupted
    static Grammar run(Supplier<Grammar> compile, BooleanSupplier abandoned) {
        Future<Grammar> compiled = THREADS.submit(compile::get);
        try {
            return Waiting.await(compiled, abandoned, () -> {});
        } finally {
            compiled.cancel(true);
        }
    }
}
