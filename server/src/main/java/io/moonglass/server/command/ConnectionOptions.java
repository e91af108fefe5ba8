package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ConnectionLimits;
import io.moonglass.server.http.CorsOrigins;
import io.moonglass.server.http.ServerOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options of `serve` that say how many connections and requests there may be, how large and how slow, and whose
/// pages may ask.
final class ConnectionOptions implements SettingsSection {

    private static final long MAX_SECONDS = 86_400;

    @Option(
            names = "--max-body-size",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            description =
                    "The largest body of a request, pictures included; files of /v1/files have a limit of their own"
                            + " (default: 64MiB, or a quarter of the heap if that is less).")
    private Optional<Long> maxBodySize = Optional.empty();

    @Option(
            names = "--max-requests",
            paramLabel = "N",
            description = "Refuse more requests than this at once (default: 256).")
    private Optional<Integer> maxRequests = Optional.empty();

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            description =
                    "Keep at most this many connections; where there are as many, the one without a request for longest"
                            + " makes room (default: 10000, or fewer where fewer files may be open).")
    private Optional<Integer> maxConnections = Optional.empty();

    @Option(
            names = "--max-header-size",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            description = "The largest head of a request (default: 16KiB).")
    private Optional<Long> maxHeaderSize = Optional.empty();

    @Option(
            names = "--header-timeout",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            description =
                    "Close a connection whose request's head, or whose TLS handshake, takes longer (default: 10).")
    private Optional<Double> headerTimeout = Optional.empty();

    @Option(
            names = "--idle-timeout",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            description =
                    "Close a connection that has been without a request for longer (default: 75).")
    private Optional<Double> idleTimeout = Optional.empty();

    @Option(
            names = "--http2",
            negatable = true,
            description = "Speak HTTP/2 with clients that want to (default: true).")
    private Optional<Boolean> http2 = Optional.empty();

    @Option(
            names = "--cors-origin",
            paramLabel = "ORIGIN",
            description = {
                "Let pages of this origin ask, such as https://chat.example.org; * for all pages.",
                "May be given several times (default: none)."
            })
    private List<String> corsOrigins = List.of();

    @Override
    public String section() {
        return "server";
    }

    @Override
    public void check() {
        in(ServerOptions.DEFAULT);
    }

    /// These options with what was asked for here.
    ///
    /// @throws ConfigException if one of them cannot be
    ServerOptions in(ServerOptions options) {
        ServerOptions changed = options.withConnections(limits(options.connections()));
        changed =
                maxBodySize
                        .map(size -> size("--max-body-size", size))
                        .map(changed::withMaxBodyBytes)
                        .orElse(changed);
        changed = maxRequests.map(changed::withMaxConcurrentRequests).orElse(changed);
        return corsOrigins.isEmpty()
                ? changed
                : changed.withCorsOrigins(new CorsOrigins(new LinkedHashSet<>(corsOrigins)));
    }

    private ConnectionLimits limits(ConnectionLimits limits) {
        ConnectionLimits changed = limits;
        changed = maxConnections.map(changed::withMaxConnections).orElse(changed);
        changed =
                maxHeaderSize
                        .map(size -> size("--max-header-size", size))
                        .map(changed::withMaxHeaderBytes)
                        .orElse(changed);
        changed =
                headerTimeout
                        .map(seconds -> Seconds.of("--header-timeout", seconds, MAX_SECONDS))
                        .map(changed::withHeaderTimeout)
                        .orElse(changed);
        changed =
                idleTimeout
                        .map(seconds -> Seconds.of("--idle-timeout", seconds, MAX_SECONDS))
                        .map(changed::withIdleTimeout)
                        .orElse(changed);
        return http2.map(changed::withHttp2).orElse(changed);
    }

    private static int size(String option, long bytes) {
        if (bytes < 1 || bytes > Integer.MAX_VALUE) {
            throw new ConfigException(
                    "%s is %,d bytes; want 1 to %,d".formatted(option, bytes, Integer.MAX_VALUE));
        }
        return (int) bytes;
    }
}
