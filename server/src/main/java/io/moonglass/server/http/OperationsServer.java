package io.moonglass.server.http;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.WebServer;
import io.moonglass.loader.fault.ConfigException;
import java.net.InetAddress;
import java.time.Duration;

/// The port for operators: a listener of its own, whose connections and requests are counted with nobody else's.
final class OperationsServer implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(OperationsServer.class.getName());
    private static final int MAX_CONNECTIONS = 256;
    private static final int MAX_BODY_BYTES = 1 << 16;
    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration GRACE_FOR_CONNECTIONS = Duration.ofMillis(200);

    private final WebServer web;

    private OperationsServer(WebServer web) {
        this.web = web;
    }

    /// @throws ConfigException if the address cannot be bound
    static OperationsServer start(
            OperationsOptions options, InetAddress address, OperationsRoutes routes) {
        WebServer web =
                WebServer.builder()
                        .address(address)
                        .port(options.port())
                        .maxPayloadSize(MAX_BODY_BYTES)
                        .maxTcpConnections(MAX_CONNECTIONS)
                        .idleConnectionTimeout(IDLE_TIMEOUT)
                        .directHandlers(ProtocolFaults.handlers(MAX_BODY_BYTES))
                        .protocolsDiscoverServices(false)
                        .addConnectionSelector(new ClientConnections())
                        .connectionOptions(SocketOptions.builder().tcpNoDelay(true).build())
                        .shutdownGracePeriod(GRACE_FOR_CONNECTIONS)
                        .shutdownHook(false)
                        .routing(routing ->
                                routing.addFilter(MoonglassServer::closeWhereSaid)
                                        .any(routes::handle))
                        .build()
                        .start();
        if (!web.isRunning()) {
            throw new ConfigException(
                    "cannot listen on %s port %d, the operations port; is it in use?"
                            .formatted(options.host(), options.port()));
        }
        LOG.log(
                System.Logger.Level.INFO,
                "operations: http://{0}:{1}, {2}",
                options.host(),
                String.valueOf(web.port()),
                whoMay(options, address));
        return new OperationsServer(web);
    }

    private static String whoMay(OperationsOptions options, InetAddress address) {
        if (options.keys().isPresent()) {
            return "one of %d keys is wanted for all but health and metrics"
                    .formatted(options.keys().get().size());
        }
        return address.isLoopbackAddress()
                ? "no key is wanted; whoever is on this machine may ask"
                : "health and metrics alone, since others reach the address and there are no keys";
    }

    int port() {
        return web.port();
    }

    @Override
    public void close() {
        web.stop();
    }
}
