package io.moonglass.server.http;

import io.helidon.common.tls.Tls;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModel;
import io.moonglass.server.files.FileStore;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.observe.EngineWatch;
import io.moonglass.server.observe.MemoryFaults;
import io.moonglass.server.observe.ServerMetrics;
import io.moonglass.server.observe.ServerProbes;
import io.moonglass.server.observe.Traces;
import io.moonglass.server.responses.ResponseStore;
import io.moonglass.server.tls.ServerTls;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// The HTTP server. It listens from [#start(ServerOptions)] on and answers 503 until it is given a
/// model; the model stays the caller's, who closes it after the server.
public final class MoonglassServer implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(MoonglassServer.class.getName());
    private static final Duration GRACE_FOR_CONNECTIONS = Duration.ofSeconds(1);
    private static final Duration WATCH_INTERVAL = Duration.ofSeconds(1);
    private static final Duration CONNECTION_INTERVAL = Duration.ofMillis(250);
    private static final Duration REFRESH_INTERVAL = Duration.ofSeconds(2);
    private static final Duration SWEEP_INTERVAL = Duration.ofMinutes(10);

    private final WebServer web;
    private final Optional<OperationsServer> operations;
    private final Drain drain;
    private final Connections connections;
    private final Optional<ServerTls> tls;
    private final ServedModel served;
    private final Traces traces;
    private final ScheduledExecutorService timer;

    private MoonglassServer(
            WebServer web,
            Optional<OperationsServer> operations,
            Drain drain,
            Connections connections,
            Optional<ServerTls> tls,
            ServedModel served,
            Traces traces,
            ScheduledExecutorService timer) {
        this.web = web;
        this.operations = operations;
        this.drain = drain;
        this.connections = connections;
        this.tls = tls;
        this.served = served;
        this.traces = traces;
        this.timer = timer;
    }

    /// Listens, without a model yet.
    ///
    /// @throws ConfigException if the address cannot be bound
    public static MoonglassServer start(ServerOptions options) {
        warnOfOpenDoors(options);
        Optional<ServerTls> tls = options.tls().map(ServerTls::open);
        options.connections().refuseMoreThanFiles();
        Connections connections = new Connections(options.connections(), tls.isPresent());
        Optional<ResponseStore> responses =
                options.responses().map(store -> ResponseStore.open(store, InstantSource.system()));
        Optional<FileStore> files =
                options.files().map(store -> FileStore.open(store, InstantSource.system()));
        ScheduledThreadPoolExecutor timer = timer();
        RunningRequests requests = new RunningRequests(timer);
        ServedModel served = new ServedModel(requests, options.requestTimeout());
        OpenExchanges exchanges = new OpenExchanges();
        MemoryFaults memory = new MemoryFaults();
        EngineWatch watch = new EngineWatch(options.stuckAfter());
        Health health = new Health(served, exchanges, watch, memory);
        Traces traces = Traces.open(options.traces());
        ServerMetrics metrics =
                new ServerMetrics(
                        new ServerProbes(
                                served::statistics,
                                requests::size,
                                connections::size,
                                health::isReady,
                                exchanges::isStopping,
                                () -> tls.map(ServerTls::certificateExpiry),
                                () -> files.map(FileStore::statistics)),
                        Version.VERSION,
                        options.expertMetrics());
        metrics.tellDroppedSpans(traces::numDropped);
        Routes routes =
                new Routes(
                        served,
                        new Answers(requests, options.pingInterval(), options.requestTimeout()),
                        requests,
                        metrics,
                        traces,
                        health,
                        exchanges,
                        memory,
                        responses,
                        files,
                        new FileRoutes(files, timer, options.bodyTimeout()),
                        options);
        WebServer web = listen(options, routes, FileRoutes.maxBodyBytes(files), connections, tls);
        if (!web.isRunning()) {
            timer.shutdown();
            traces.close();
            throw new ConfigException(
                    "cannot listen on %s port %d; is it in use?"
                            .formatted(options.host(), options.port()));
        }
        Optional<OperationsServer> operations;
        try {
            operations =
                    options.operations()
                            .map(some -> operations(some, served, health, metrics, exchanges));
        } catch (RuntimeException | Error e) {
            timer.shutdown();
            web.stop();
            traces.close();
            throw e;
        }
        // so that the log tells of a stuck engine where nobody asks for its health
        every(timer, WATCH_INTERVAL, () -> watch(served, watch));
        every(timer, CONNECTION_INTERVAL, connections::sweep);
        operations.ifPresent(some -> every(timer, CONNECTION_INTERVAL, some::sweepConnections));
        options.apiKeys().ifPresent(keys -> refreshNowAndThen(timer, keys::refresh));
        options.operations()
                .flatMap(OperationsOptions::keys)
                .ifPresent(keys -> refreshNowAndThen(timer, keys::refresh));
        tls.ifPresent(some -> refreshNowAndThen(timer, some::refresh));
        responses.ifPresent(store -> sweepNowAndThen(timer, store::sweep));
        files.ifPresent(store -> sweepNowAndThen(timer, store::sweep));
        Drain drain = new Drain(exchanges, requests, options.drainTimeout());
        return new MoonglassServer(web, operations, drain, connections, tls, served, traces, timer);
    }

    private static OperationsServer operations(
            OperationsOptions options,
            ServedModel served,
            Health health,
            ServerMetrics metrics,
            OpenExchanges exchanges) {
        InetAddress address = addressOf(options.host());
        return OperationsServer.start(
                options,
                address,
                new OperationsRoutes(
                        options,
                        new OperationsAccess(options.keys(), address),
                        served,
                        health,
                        metrics,
                        exchanges::isStopping));
    }

    private static void warnOfOpenDoors(ServerOptions options) {
        if (options.corsOrigins().allowsAny() && options.apiKeys().isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "every page that a browser here shows may ask this server: --cors-origin is * and there are no API"
                            + " keys");
        }
    }

    /// A fault here must not end the watching.
    private static void watch(ServedModel served, EngineWatch watch) {
        try {
            watch.isStuck(served.statistics());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot tell whether the engine is stuck", e);
        }
    }

    private static void refreshNowAndThen(ScheduledExecutorService timer, Runnable refresh) {
        AtomicBoolean running = new AtomicBoolean();
        every(
                timer,
                REFRESH_INTERVAL,
                () -> {
                    if (running.compareAndSet(false, true)) {
                        // the disk may be slow
                        Thread.startVirtualThread(() -> {
                            try {
                                refresh.run();
                            } finally {
                                running.set(false);
                            }
                        });
                    }
                });
    }

    private static void sweepNowAndThen(ScheduledExecutorService timer, Runnable sweep) {
        // the disk may be slow
        every(timer, SWEEP_INTERVAL, () -> Thread.startVirtualThread(sweep));
    }

    /// @param maxUploadBytes a body with a file may be larger than others, whose own limit their readers keep
    private static WebServer listen(
            ServerOptions options,
            Routes routes,
            Optional<Long> maxUploadBytes,
            Connections connections,
            Optional<ServerTls> tls) {
        long maxPayload = Math.max(options.maxBodyBytes(), maxUploadBytes.orElse(0L));
        WebServerConfig.Builder builder = WebServer.builder();
        tls.ifPresent(some ->
                builder.tls(
                                Tls.builder()
                                        .sslContext(some.context())
                                        .sslParameters(some.parameters())
                                        .build())
                        // its other sockets look the name of every client up
                        .useNio(false));
        return builder.address(addressOf(options.host()))
                .port(options.port())
                .maxPayloadSize(maxPayload)
                .directHandlers(ProtocolFaults.handlers(maxPayload))
                .protocolsDiscoverServices(false)
                .addConnectionSelector(new ClientConnections(connections, options.connections()))
                .connectionOptions(connections.socketOptions())
                .shutdownGracePeriod(GRACE_FOR_CONNECTIONS)
                .shutdownHook(false)
                .routing(routing -> routing.addFilter(MoonglassServer::answer).any(routes::handle))
                .build()
                .start();
    }

    private static void every(ScheduledExecutorService timer, Duration interval, Runnable task) {
        timer.scheduleWithFixedDelay(
                task, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// For what happens at a given time and takes none.
    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("moonglass-timer").factory());
        timer.setRemoveOnCancelPolicy(true);
        // what is asked of it when the server has stopped concerns connections that are closed
        timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        return timer;
    }

    /// Listens and serves this model.
    ///
    /// @throws ConfigException if the address cannot be bound
    public static MoonglassServer start(ChatModel model, ServerOptions options) {
        MoonglassServer server = start(options);
        server.serve(model);
        return server;
    }

    /// Gives requests to this model from now on; it stays the caller's, who closes it after the server.
    public void serve(ChatModel model) {
        serve(ModelPool.of(model));
    }

    /// Gives requests to these models from now on; they stay the caller's, who closes them after the server.
    public void serve(ModelPool models) {
        served.serve(models);
        every(timer, WATCH_INTERVAL, () -> Thread.startVirtualThread(() -> tidy(models)));
    }

    /// What models need not hold for now.
    private static void tidy(ModelPool models) {
        models.unloadIdle();
        models.giveBackMemory();
    }

    /// The port that is listened on, also where the options asked for any.
    public int port() {
        return web.port();
    }

    /// The operations port, also where the options asked for any; empty where there is none.
    public OptionalInt operationsPort() {
        return operations.stream().mapToInt(OperationsServer::port).findFirst();
    }

    /// Whether it speaks TLS.
    public boolean isSecure() {
        return tls.isPresent();
    }

    /// Connections that are open.
    int numConnections() {
        return connections.size();
    }

    /// Refuses new requests, lets running answers finish for as long as the options allow, tells the
    /// rest that the server stops, and closes every connection. To close it again does nothing.
    @Override
    public void close() {
        boolean interrupted = drain.run();
        served.stop();
        timer.shutdownNow();
        web.stop(); // would fail on an interrupted thread
        traces.close();
        operations.ifPresent(
                OperationsServer::close); // last, so that probes are told that it lives
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// Helidon 4.5.0 says `Connection: close` and then reads on: the rest of a refused body would pass
    /// for the next request. At this point the answer is sent.
    static void answer(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        if (!(ClientLink.CURRENT.get() instanceof ClientConnection connection)) {
            chain.proceed();
            return;
        }
        connection.awaits(AcceptedConnection.Phase.ANSWER);
        chain.proceed();
        connection.awaits(AcceptedConnection.Phase.REQUEST);
        if (response.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
            throw new CloseConnectionException("closed as the answer says");
        }
    }

    private static InetAddress addressOf(String host) {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new ConfigException(
                    "host \"%s\" is no address of this machine".formatted(host), e);
        }
    }
}
