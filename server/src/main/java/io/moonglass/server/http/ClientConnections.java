package io.moonglass.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.http1.Http1ConnectionSelectorConfig;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.http2.Http2ConnectionSelector;
import io.helidon.webserver.http2.Http2Upgrader;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.net.SocketAddress;
import java.util.Set;

/// Makes connections of HTTP/1.1 and HTTP/2 whose handlers can reach their client as [ClientLink#CURRENT]. The only
/// selector that there is, so that Helidon hands a connection over before it reads from it.
final class ClientConnections implements ServerConnectionSelector {

    private final Connections connections;
    private final boolean http2;
    private final HttpConnection.Protocols protocols;

    ClientConnections(Connections connections, ConnectionLimits limits) {
        this.connections = connections;
        this.http2 = limits.http2();
        Http1ConnectionSelectorConfig.Builder http1 =
                Http1ConnectionSelector.builder()
                        .config(
                                Http1Config.builder()
                                        .maxHeadersSize(limits.maxHeaderBytes())
                                        .build());
        if (http2) {
            Http2ConnectionSelector frames =
                    Http2ConnectionSelector.builder()
                            .http2Config(Http2Session.config(limits))
                            .build();
            http1.addUpgrader(new Upgrader(limits));
            Http1ConnectionSelector lines = http1.build();
            protocols = new HttpConnection.Protocols(lines::connection, frames::connection);
        } else {
            Http1ConnectionSelector lines = http1.build();
            protocols = new HttpConnection.Protocols(lines::connection, null);
        }
    }

    @Override
    public int bytesToIdentifyConnection() {
        return 0;
    }

    @Override
    public Support supports(BufferData data) {
        return Support.SUPPORTED;
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return http2 ? Set.of("h2", "http/1.1") : Set.of("http/1.1");
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        SocketAddress address = context.remotePeer().address();
        AcceptedConnection accepted = connections.from(address);
        accepted.awaits(AcceptedConnection.Phase.REQUEST);
        return new HttpConnection(
                new ClientConnection(context, accepted),
                protocols,
                () -> connections.ended(address, accepted));
    }

    /// Goes over to HTTP/2 where a client on an open connection asks for that in a request without a body.
    ///
    /// Source: RFC 7540, section 3.2. RFC 9113 has given it up; the JDK's client still asks.
    private static final class Upgrader implements Http1Upgrader {

        private final Http2Upgrader upgrader;

        Upgrader(ConnectionLimits limits) {
            this.upgrader = Http2Upgrader.create(Http2Session.config(limits));
        }

        @Override
        public String supportedProtocol() {
            return upgrader.supportedProtocol();
        }

        @Override
        public ServerConnection upgrade(
                ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
            Http2Session session = Http2Session.afterUpgrade((ClientConnection) context);
            return new Http2Connection(session, upgrader.upgrade(session, prologue, headers));
        }
    }
}
