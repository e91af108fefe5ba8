package io.moonglass.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/// Waits for what another thread makes, for as long as somebody wants it.
public final class Waiting {

    /// How often it is asked whether anybody waits any more.
    private static final long ASK_MILLIS = 20;

    private Waiting() {}

    /// Runs all of them at the same time, each on a virtual thread of its own. The first fault in their order is the one
    /// that is thrown; the others go on until they are told that nobody waits.
    ///
    /// @param tasks     throw nothing checked
    /// @param abandoned whether nobody waits any more
    /// @return what came of each, in order
    /// @throws CancellationException as [#await]
    public static <T> List<T> awaitAll(List<Callable<T>> tasks, BooleanSupplier abandoned) {
        List<FutureTask<T>> running = new ArrayList<>();
        for (Callable<T> task : tasks) {
            FutureTask<T> future = new FutureTask<>(task);
            Thread.ofVirtual().start(future);
            running.add(future);
        }
        List<T> results = new ArrayList<>();
        for (Future<T> future : running) {
            results.add(await(future, abandoned, () -> {}));
        }
        return results;
    }

    /// @param abandoned whether nobody waits any more
    /// @param meanwhile run on this thread each time before it is asked again
    /// @throws CancellationException if it was abandoned, or the thread is interrupted
    /// @throws RuntimeException      that the result ended with, which is nothing checked
    public static <T> T await(Future<T> result, BooleanSupplier abandoned, Runnable meanwhile) {
        while (!abandoned.getAsBoolean()) {
            try {
                return result.get(ASK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                meanwhile.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted while a request was prepared");
            } catch (ExecutionException e) {
                if (e.getCause() instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) e.getCause();
            }
        }
        throw new CancellationException("the request was abandoned");
    }
}
