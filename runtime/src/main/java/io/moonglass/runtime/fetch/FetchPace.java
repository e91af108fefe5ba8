package io.moonglass.runtime.fetch;

import io.moonglass.loader.fault.ConfigException;
import java.time.Duration;

/// How slow a server may be before it is given up.
///
/// @param connectTimeout    for each address that is tried, and again for TLS
/// @param responseTimeout   from the request until the head of its answer is there
/// @param timeout           for everything from the call on: waiting for a place, look-ups, redirects, the body
/// @param minBytesPerSecond of the body, on average over each `rateWindow`
/// @param rateWindow        the time for which a body may come more slowly
public record FetchPace(
        Duration connectTimeout,
        Duration responseTimeout,
        Duration timeout,
        int minBytesPerSecond,
        Duration rateWindow) {

    private static final Duration MAX = Duration.ofHours(1);

    public static final FetchPace DEFAULT =
            new FetchPace(
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(30),
                    10_000,
                    Duration.ofSeconds(10));

    public FetchPace {
        check("time for connecting to a media host", connectTimeout);
        check("time for the answer of a media host", responseTimeout);
        check("time for fetching media", timeout);
        check("time for which media may come slowly", rateWindow);
        if (minBytesPerSecond < 0) {
            throw new ConfigException(
                    "slowest rate of media is %d bytes per second; want 0 or more"
                            .formatted(minBytesPerSecond));
        }
    }

    static void check(String what, Duration value) {
        if (!value.isPositive() || value.compareTo(MAX) > 0) {
            throw new ConfigException(
                    "%s is %s; want more than nothing and at most %s".formatted(what, value, MAX));
        }
    }

    public FetchPace withConnectTimeout(Duration value) {
        return new FetchPace(value, responseTimeout, timeout, minBytesPerSecond, rateWindow);
    }

    public FetchPace withResponseTimeout(Duration value) {
        return new FetchPace(connectTimeout, value, timeout, minBytesPerSecond, rateWindow);
    }

    public FetchPace withTimeout(Duration value) {
        return new FetchPace(connectTimeout, responseTimeout, value, minBytesPerSecond, rateWindow);
    }

    public FetchPace withMinBytesPerSecond(int value) {
        return new FetchPace(connectTimeout, responseTimeout, timeout, value, rateWindow);
    }

    public FetchPace withRateWindow(Duration value) {
        return new FetchPace(connectTimeout, responseTimeout, timeout, minBytesPerSecond, value);
    }
}
