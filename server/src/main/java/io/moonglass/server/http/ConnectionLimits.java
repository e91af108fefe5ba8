package io.moonglass.server.http;

import com.sun.management.UnixOperatingSystemMXBean;
import io.moonglass.loader.fault.ConfigException;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/// How many connections there may be at once, and what each may take of time and memory before its request has come.
///
/// @param maxConnections where there are as many, the one that has been without a request for longest makes room for
///                       a new one; where all have requests, a new one is closed at once
/// @param idleTimeout    after which a connection without a request is closed
/// @param headerTimeout  how long a request's head may take to come, and a TLS handshake
/// @param maxHeaderBytes of a request's head, its first line apart
/// @param http2          whether HTTP/2 is spoken with who wants to
public record ConnectionLimits(
        int maxConnections,
        Duration idleTimeout,
        Duration headerTimeout,
        int maxHeaderBytes,
        boolean http2) {

    /// File descriptors that are left for everything but connections.
    private static final long OTHER_FILES = 512;

    private static final int MAX_CONNECTIONS = 1_000_000;
    private static final int MIN_HEADER_BYTES = 1_024;
    private static final int MAX_HEADER_BYTES = 1 << 20;

    public static final ConnectionLimits DEFAULT =
            new ConnectionLimits(
                    Math.toIntExact(Math.min(10_000, roomForConnections())),
                    Duration.ofSeconds(75),
                    Duration.ofSeconds(10),
                    16_384,
                    true);

    public ConnectionLimits {
        if (maxConnections < 1 || maxConnections > MAX_CONNECTIONS) {
            throw new ConfigException(
                    "most connections at once are %,d; want 1 to %,d"
                            .formatted(maxConnections, MAX_CONNECTIONS));
        }
        if (!idleTimeout.isPositive() || !headerTimeout.isPositive()) {
            throw new ConfigException(
                    "time without a request is %s and for a request's head %s; want positive times"
                            .formatted(idleTimeout, headerTimeout));
        }
        if (maxHeaderBytes < MIN_HEADER_BYTES || maxHeaderBytes > MAX_HEADER_BYTES) {
            throw new ConfigException(
                    "largest head of a request is %,d bytes; want %,d to %,d"
                            .formatted(maxHeaderBytes, MIN_HEADER_BYTES, MAX_HEADER_BYTES));
        }
    }

    public ConnectionLimits withMaxConnections(int value) {
        return new ConnectionLimits(value, idleTimeout, headerTimeout, maxHeaderBytes, http2);
    }

    public ConnectionLimits withIdleTimeout(Duration value) {
        return new ConnectionLimits(maxConnections, value, headerTimeout, maxHeaderBytes, http2);
    }

    public ConnectionLimits withHeaderTimeout(Duration value) {
        return new ConnectionLimits(maxConnections, idleTimeout, value, maxHeaderBytes, http2);
    }

    public ConnectionLimits withMaxHeaderBytes(int value) {
        return new ConnectionLimits(maxConnections, idleTimeout, headerTimeout, value, http2);
    }

    public ConnectionLimits withHttp2(boolean value) {
        return new ConnectionLimits(
                maxConnections, idleTimeout, headerTimeout, maxHeaderBytes, value);
    }

    /// Refuses more connections than this process may open files for: without a descriptor nothing else would work.
    ///
    /// @throws ConfigException if there are fewer
    void refuseMoreThanFiles() {
        long room = roomForConnections();
        if (maxConnections > room) {
            throw new ConfigException(
                    "most connections at once are %,d, and this process may open files for %,d; want fewer"
                            + " (--max-connections), or a higher limit of open files (ulimit -n)"
                                    .formatted(maxConnections, room));
        }
    }

    private static long roomForConnections() {
        if (ManagementFactory.getOperatingSystemMXBean()
                instanceof UnixOperatingSystemMXBean system) {
            return Math.max(64, system.getMaxFileDescriptorCount() - OTHER_FILES);
        }
        return MAX_CONNECTIONS;
    }
}
