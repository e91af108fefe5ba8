package io.moonglass.server.hub;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/// How often something is tried that may pass, and how long is waited in between.
///
/// @param most  tries in a row of which none got on
/// @param first the wait after the first; it doubles
/// @param last  and is no longer than this
record HubRetries(int most, Duration first, Duration last) {

    private static final System.Logger LOG = System.getLogger(HubRetries.class.getName());

    static final HubRetries DEFAULT =
            new HubRetries(6, Duration.ofSeconds(1), Duration.ofSeconds(30));

    /// One try.
    interface Try<T> {
        T run() throws InterruptedException;
    }

    <T> T call(Try<T> what) throws InterruptedException {
        for (int failed = 1; ; failed++) {
            try {
                return what.run();
            } catch (HubException e) {
                await(e, failed);
            }
        }
    }

    /// Waits before the next try.
    ///
    /// @param failed tries in a row that got nowhere
    /// @throws HubException the fault itself, if there is no use in another
    void await(HubException fault, int failed) throws InterruptedException {
        if (!fault.mayPass() || failed >= most) {
            throw fault;
        }
        double doubled = first.toMillis() * Math.pow(2, failed - 1);
        double jitter = ThreadLocalRandom.current().nextDouble(0.75, 1.25);
        long wait = Math.round(Math.min(doubled, last.toMillis()) * jitter);
        wait = Math.max(wait, fault.retryAfter().orElse(Duration.ZERO).toMillis());
        LOG.log(
                System.Logger.Level.INFO,
                "{0}; again in {1} s",
                fault.getMessage(),
                String.format(Locale.ROOT, "%.1f", wait / 1e3));
        Thread.sleep(wait);
    }
}
