package io.moonglass.runtime.fetch;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.util.List;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;

/// One connection for one request: to an address that was checked, with TLS that is verified for the
/// host of the URL, and HTTP/1.1 by Apache HttpCore. Nothing above that layer is used, so there is nothing that
/// could look a name up, follow, retry, decompress, or send a cookie or credentials of its own accord.
final class MediaConnection {

    private static final int MAX_ADDRESSES_TRIED = 3;
    private static final int MAX_INTERIM_ANSWERS = 8;
    private static final Http1Config LIMITS =
            Http1Config.custom()
                    .setMaxHeaderCount(100)
                    .setMaxLineLength(8192)
                    .setMaxEmptyLineCount(4)
                    .build();

    private final DefaultBHttpClientConnection http;

    private MediaConnection(DefaultBHttpClientConnection http) {
        this.http = http;
    }

    /// Connects to the first of the addresses that answers.
    static MediaConnection open(
            MediaAddress address,
            List<InetAddress> pinned,
            SSLSocketFactory tls,
            FetchSocket sockets,
            FetchProgress progress)
            throws IOException {
        Socket socket = connected(address.port(), pinned, sockets, progress);
        socket.setTcpNoDelay(true);
        DefaultBHttpClientConnection http = new DefaultBHttpClientConnection(LIMITS);
        if (address.isSecure()) {
            progress.enter(FetchStage.SECURING);
            http.bind(secured(socket, address, tls), socket);
        } else {
            http.bind(socket);
        }
        return new MediaConnection(http);
    }

    private static Socket connected(
            int port, List<InetAddress> pinned, FetchSocket sockets, FetchProgress progress)
            throws IOException {
        IOException last = new IOException("there is no address");
        for (InetAddress ip : pinned.subList(0, Math.min(MAX_ADDRESSES_TRIED, pinned.size()))) {
            progress.enter(FetchStage.CONNECTING);
            Socket socket = sockets.open();
            try {
                socket.connect(new InetSocketAddress(ip, port), progress.connectMillis());
                return socket;
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private static SSLSocket secured(Socket socket, MediaAddress address, SSLSocketFactory tls)
            throws IOException {
        String host = address.host().replaceAll("[\\[\\]]", "");
        SSLSocket secured = (SSLSocket) tls.createSocket(socket, host, address.port(), true);
        SSLParameters parameters = secured.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        secured.setSSLParameters(parameters);
        secured.startHandshake();
        return secured;
    }

    /// @throws IOException if the connection breaks off, or what comes is no HTTP within the limits
    MediaAnswer get(MediaAddress address) throws IOException {
        try {
            http.sendRequestHeader(request(address));
            http.flush();
            ClassicHttpResponse response = http.receiveResponseHeader();
            for (int interim = 0; response.getCode() < 200; interim++) {
                if (interim == MAX_INTERIM_ANSWERS) {
                    throw new ProtocolException("interim answers without end");
                }
                response = http.receiveResponseHeader();
            }
            http.receiveResponseEntity(response);
            return answer(response);
        } catch (HttpException e) {
            throw new IOException("no proper HTTP", e);
        }
    }

    private static BasicClassicHttpRequest request(MediaAddress address) {
        // with a host, the target is sent as it is; without one it would be parsed once more
        HttpHost host = new HttpHost(address.scheme(), address.host(), address.port());
        BasicClassicHttpRequest request =
                new BasicClassicHttpRequest("GET", host, address.target());
        request.setHeader(HttpHeaders.HOST, address.authority());
        request.setHeader(HttpHeaders.USER_AGENT, "moonglass");
        request.setHeader(HttpHeaders.ACCEPT, "*/*");
        request.setHeader(HttpHeaders.ACCEPT_ENCODING, "identity");
        request.setHeader(HttpHeaders.CONNECTION, "close");
        return request;
    }

    private static MediaAnswer answer(ClassicHttpResponse response) throws IOException {
        Header location = response.getFirstHeader(HttpHeaders.LOCATION);
        HttpEntity entity = response.getEntity();
        return new MediaAnswer(
                response.getCode(),
                location == null ? null : location.getValue(),
                isEncoded(response),
                entity == null ? -1 : entity.getContentLength(),
                entity == null ? null : entity.getContent());
    }

    private static boolean isEncoded(ClassicHttpResponse response) {
        for (Header header : response.getHeaders(HttpHeaders.CONTENT_ENCODING)) {
            if (!header.getValue().strip().equalsIgnoreCase("identity")) {
                return true;
            }
        }
        return false;
    }
}
