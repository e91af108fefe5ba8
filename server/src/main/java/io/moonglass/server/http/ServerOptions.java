package io.moonglass.server.http;

import io.moonglass.loader.fault.ConfigException;
import java.time.Duration;

/// How the HTTP server listens.
///
/// @param host         the address to bind; only this machine by default
/// @param port         0 for any that is free
/// @param maxBodyBytes largest request body, pictures included
/// @param pingInterval silence after which a stream sends a comment, so that proxies keep it open
/// @param drainTimeout how long running answers may go on after [MoonglassServer#close()]; by default
///                     less than the 30 seconds after which Kubernetes kills a pod
public record ServerOptions(
        String host, int port, int maxBodyBytes, Duration pingInterval, Duration drainTimeout) {

    public static final ServerOptions DEFAULT =
            new ServerOptions(
                    "127.0.0.1", 8080, 64 << 20, Duration.ofSeconds(15), Duration.ofSeconds(20));

    public ServerOptions {
        if (host.isBlank()) {
            throw new ConfigException("host is empty; want an address of this machine");
        }
        if (port < 0 || port > 65_535) {
            throw new ConfigException("port is %d; want 0 to 65535".formatted(port));
        }
        if (maxBodyBytes < 1) {
            throw new ConfigException(
                    "max-body-bytes is %d; want a positive number".formatted(maxBodyBytes));
        }
        if (!pingInterval.isPositive() || drainTimeout.isNegative()) {
            throw new ConfigException(
                    "ping-interval is %s and drain-timeout %s; want a positive time and one from 0 up"
                            .formatted(pingInterval, drainTimeout));
        }
    }

    public ServerOptions withHost(String value) {
        return new ServerOptions(value, port, maxBodyBytes, pingInterval, drainTimeout);
    }

    public ServerOptions withPort(int value) {
        return new ServerOptions(host, value, maxBodyBytes, pingInterval, drainTimeout);
    }

    public ServerOptions withMaxBodyBytes(int value) {
        return new ServerOptions(host, port, value, pingInterval, drainTimeout);
    }

    public ServerOptions withPingInterval(Duration value) {
        return new ServerOptions(host, port, maxBodyBytes, value, drainTimeout);
    }

    public ServerOptions withDrainTimeout(Duration value) {
        return new ServerOptions(host, port, maxBodyBytes, pingInterval, value);
    }
}
