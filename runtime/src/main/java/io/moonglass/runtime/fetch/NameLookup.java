package io.moonglass.runtime.fetch;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Looks names up on threads of its own. The system's look-up is a native call that nothing interrupts:
/// on a virtual thread it would hold a core's carrier, and with it the server's other requests.
final class NameLookup implements AutoCloseable {

    private static final long IDLE_SECONDS = 30;

    private final NameResolver resolver;
    private final ThreadPoolExecutor threads;

    NameLookup(NameResolver resolver, int numThreads) {
        this.resolver = resolver;
        threads =
                new ThreadPoolExecutor(
                        numThreads,
                        numThreads,
                        IDLE_SECONDS,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().daemon().name("name-lookup-", 0).factory(),
                        // once it is closed, whoever waits is interrupted soon
                        new ThreadPoolExecutor.DiscardPolicy());
        threads.allowCoreThreadTimeOut(true);
    }

    /// Waits for the answer until it is interrupted; the look-up itself is then left behind.
    ///
    /// @throws UnknownHostException if the name has no address
    InetAddress[] addresses(String name) throws UnknownHostException, InterruptedException {
        FutureTask<InetAddress[]> lookup = new FutureTask<>(() -> resolver.addresses(name));
        threads.execute(lookup);
        try {
            return lookup.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownHostException unknown) {
                throw unknown;
            }
            throw new IllegalStateException("a look-up failed", e.getCause());
        } finally {
            lookup.cancel(true);
            threads.remove(lookup);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
