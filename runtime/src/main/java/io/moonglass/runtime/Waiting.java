package io.moonglass.runtime;

import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/// Waits for what another thread makes, for as long as somebody wants it.
public final class Waiting {

    /// How often it is asked whether anybody waits any more.
    private static final long ASK_MILLIS = 20;

    private Waiting() {}

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
