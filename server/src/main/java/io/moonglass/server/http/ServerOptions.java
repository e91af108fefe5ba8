package io.moonglass.server.http;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.files.FileStoreOptions;
import io.moonglass.server.observe.TraceOptions;
import io.moonglass.server.responses.ResponseStoreOptions;
import io.moonglass.server.tls.TlsFiles;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// How the HTTP server listens, and how much it takes on at once.
///
/// @param host                  the address to bind; only this machine by default
/// @param port                  0 for any that is free
/// @param maxBodyBytes          largest request body, pictures included
/// @param maxConcurrentRequests more than these are refused with 429; health is always told
/// @param bodyBudgetBytes       what the bodies of all requests may hold together, a quarter of the heap
///                              by default; one body of `maxBodyBytes` is possible in any case
/// @param bodyBudgetTimeout     how long a body waits for others to end before it is refused with 429
/// @param bodyTimeout           how long a body may take to come, and a second more for every MiB
/// @param pingInterval          silence after which a stream sends a comment, so that proxies keep it
///                              open
/// @param drainTimeout          how long running answers may go on after [MoonglassServer#close()]; by
///                              default less than the 30 seconds after which Kubernetes kills a pod
/// @param apiKeys               whoever sends none of these is refused, but for health; empty to take anyone
/// @param requestTimeout        after which an answer is given up; empty for no such limit
/// @param stuckAfter            how long an engine with work may go without a step before it is told not to
///                              be ready; a step of a long prompt takes about a second
/// @param responses             where responses are kept for requests that go on from them; empty to keep none
/// @param files                 where uploaded files are kept; empty to take none
/// @param traces                where traces of requests are sent; empty to make none
/// @param logPrompts            log what is asked and answered
/// @param expertMetrics         whether the metrics tell the tokens of every expert of every layer
/// @param operations            the port for operators; empty to have what they ask for on the same port as the rest
/// @param connections           how many connections there may be, and how long each may take for what
/// @param tls                   the certificate to serve with; empty for plain HTTP
/// @param corsOrigins           pages that browsers may let ask; none by default
/// @param playground            whether the page for people is served at `/`
public record ServerOptions(
        String host,
        int port,
        int maxBodyBytes,
        int maxConcurrentRequests,
        long bodyBudgetBytes,
        Duration bodyBudgetTimeout,
        Duration bodyTimeout,
        Duration pingInterval,
        Duration drainTimeout,
        Optional<ApiKeys> apiKeys,
        Optional<Duration> requestTimeout,
        Duration stuckAfter,
        Optional<ResponseStoreOptions> responses,
        Optional<FileStoreOptions> files,
        Optional<TraceOptions> traces,
        boolean logPrompts,
        boolean expertMetrics,
        Optional<OperationsOptions> operations,
        ConnectionLimits connections,
        Optional<TlsFiles> tls,
        CorsOrigins corsOrigins,
        boolean playground) {

    /// What all bodies may hold together: a body is held as text and as what it says, pictures decoded as well.
    private static final long BODY_BUDGET = Runtime.getRuntime().maxMemory() / 4;

    public static final ServerOptions DEFAULT =
            new ServerOptions(
                    "127.0.0.1",
                    8080,
                    (int) Math.min(64 << 20, BODY_BUDGET),
                    256,
                    BODY_BUDGET,
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(15),
                    Duration.ofSeconds(20),
                    Optional.empty(),
                    Optional.empty(),
                    Duration.ofSeconds(120),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    true,
                    Optional.empty(),
                    ConnectionLimits.DEFAULT,
                    Optional.empty(),
                    CorsOrigins.NONE,
                    true);

    public ServerOptions {
        if (host.isBlank()) {
            throw new ConfigException("host is empty; want an address of this machine");
        }
        if (port < 0 || port > 65_535) {
            throw new ConfigException("port is %d; want 0 to 65535".formatted(port));
        }
        if (maxBodyBytes < 1 || maxConcurrentRequests < 1 || bodyBudgetBytes < 1) {
            throw new ConfigException(
                    "largest body, requests at once and bytes of all bodies are %d, %d and %d; want positive numbers"
                            .formatted(maxBodyBytes, maxConcurrentRequests, bodyBudgetBytes));
        }
        if (bodyBudgetTimeout.isNegative() || !bodyTimeout.isPositive()) {
            throw new ConfigException(
                    "wait for the body budget is %s and time for a body %s; want a time from 0 up and a positive one"
                            .formatted(bodyBudgetTimeout, bodyTimeout));
        }
        if (!pingInterval.isPositive() || drainTimeout.isNegative()) {
            throw new ConfigException(
                    "ping interval is %s and drain timeout %s; want a positive time and one from 0 up"
                            .formatted(pingInterval, drainTimeout));
        }
        if (!stuckAfter.isPositive() || requestTimeout.filter(t -> !t.isPositive()).isPresent()) {
            throw new ConfigException(
                    "a step's longest time is %s and a request's %s; want positive times"
                            .formatted(
                                    stuckAfter,
                                    requestTimeout.map(Duration::toString).orElse("unlimited")));
        }
    }

    public ServerOptions withHost(String value) {
        return with(changed -> changed.host = value);
    }

    public ServerOptions withPort(int value) {
        return with(changed -> changed.port = value);
    }

    public ServerOptions withMaxBodyBytes(int value) {
        return with(changed -> changed.maxBodyBytes = value);
    }

    public ServerOptions withMaxConcurrentRequests(int value) {
        return with(changed -> changed.maxConcurrentRequests = value);
    }

    public ServerOptions withBodyBudgetBytes(long value) {
        return with(changed -> changed.bodyBudgetBytes = value);
    }

    public ServerOptions withBodyBudgetTimeout(Duration value) {
        return with(changed -> changed.bodyBudgetTimeout = value);
    }

    public ServerOptions withBodyTimeout(Duration value) {
        return with(changed -> changed.bodyTimeout = value);
    }

    public ServerOptions withPingInterval(Duration value) {
        return with(changed -> changed.pingInterval = value);
    }

    public ServerOptions withDrainTimeout(Duration value) {
        return with(changed -> changed.drainTimeout = value);
    }

    public ServerOptions withApiKeys(ApiKeys value) {
        return with(changed -> changed.apiKeys = Optional.of(value));
    }

    public ServerOptions withRequestTimeout(Duration value) {
        return with(changed -> changed.requestTimeout = Optional.of(value));
    }

    public ServerOptions withStuckAfter(Duration value) {
        return with(changed -> changed.stuckAfter = value);
    }

    public ServerOptions withResponses(ResponseStoreOptions value) {
        return with(changed -> changed.responses = Optional.of(value));
    }

    public ServerOptions withFiles(FileStoreOptions value) {
        return with(changed -> changed.files = Optional.of(value));
    }

    public ServerOptions withTraces(TraceOptions value) {
        return with(changed -> changed.traces = Optional.of(value));
    }

    public ServerOptions withLogPrompts(boolean value) {
        return with(changed -> changed.logPrompts = value);
    }

    public ServerOptions withExpertMetrics(boolean value) {
        return with(changed -> changed.expertMetrics = value);
    }

    public ServerOptions withOperations(OperationsOptions value) {
        return with(changed -> changed.operations = Optional.of(value));
    }

    public ServerOptions withConnections(ConnectionLimits value) {
        return with(changed -> changed.connections = value);
    }

    public ServerOptions withTls(TlsFiles value) {
        return with(changed -> changed.tls = Optional.of(value));
    }

    public ServerOptions withCorsOrigins(CorsOrigins value) {
        return with(changed -> changed.corsOrigins = value);
    }

    public ServerOptions withPlayground(boolean value) {
        return with(changed -> changed.playground = value);
    }

    private ServerOptions with(Consumer<Changed> change) {
        Changed changed = new Changed();
        change.accept(changed);
        return changed.options();
    }

    /// These options while one of them is changed.
    private final class Changed {
        private String host = ServerOptions.this.host;
        private int port = ServerOptions.this.port;
        private int maxBodyBytes = ServerOptions.this.maxBodyBytes;
        private int maxConcurrentRequests = ServerOptions.this.maxConcurrentRequests;
        private long bodyBudgetBytes = ServerOptions.this.bodyBudgetBytes;
        private Duration bodyBudgetTimeout = ServerOptions.this.bodyBudgetTimeout;
        private Duration bodyTimeout = ServerOptions.this.bodyTimeout;
        private Duration pingInterval = ServerOptions.this.pingInterval;
        private Duration drainTimeout = ServerOptions.this.drainTimeout;
        private Optional<ApiKeys> apiKeys = ServerOptions.this.apiKeys;
        private Optional<Duration> requestTimeout = ServerOptions.this.requestTimeout;
        private Duration stuckAfter = ServerOptions.this.stuckAfter;
        private Optional<ResponseStoreOptions> responses = ServerOptions.this.responses;
        private Optional<FileStoreOptions> files = ServerOptions.this.files;
        private Optional<TraceOptions> traces = ServerOptions.this.traces;
        private boolean logPrompts = ServerOptions.this.logPrompts;
        private boolean expertMetrics = ServerOptions.this.expertMetrics;
        private Optional<OperationsOptions> operations = ServerOptions.this.operations;
        private ConnectionLimits connections = ServerOptions.this.connections;
        private Optional<TlsFiles> tls = ServerOptions.this.tls;
        private CorsOrigins corsOrigins = ServerOptions.this.corsOrigins;
        private boolean playground = ServerOptions.this.playground;

        ServerOptions options() {
            return new ServerOptions(
                    host,
                    port,
                    maxBodyBytes,
                    maxConcurrentRequests,
                    bodyBudgetBytes,
                    bodyBudgetTimeout,
                    bodyTimeout,
                    pingInterval,
                    drainTimeout,
                    apiKeys,
                    requestTimeout,
                    stuckAfter,
                    responses,
                    files,
                    traces,
                    logPrompts,
                    expertMetrics,
                    operations,
                    connections,
                    tls,
                    corsOrigins,
                    playground);
        }
    }
}
