package io.moonglass.clients;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/// Collects how a client speaks to its server. What is not said has a default that suits a server on CPUs, whose
/// answers take long.
public final class ClientBuilder {

    private static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofMinutes(10);
    private static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofMinutes(2);
    private static final long DEFAULT_UPLOAD_OVER = 4L << 20;

    /// The client sets these itself.
    private static final Set<String> RESERVED =
            Set.of("authorization", "x-request-id", "content-type", "accept");

    private final String base;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private HttpClient http;
    private SSLContext sslContext;
    private Supplier<String> apiKey;
    private Duration connectTimeout = DEFAULT_CONNECT_TIMEOUT;
    private Duration requestTimeout = DEFAULT_REQUEST_TIMEOUT;
    private Duration idleTimeout = DEFAULT_IDLE_TIMEOUT;
    private RetryPolicy retries = RetryPolicy.DEFAULT;
    private long uploadOver = DEFAULT_UPLOAD_OVER;
    private boolean cancelsOnServer = true;

    ClientBuilder(URI server) {
        String scheme =
                server.getScheme() == null ? "" : server.getScheme().toLowerCase(Locale.ROOT);
        if (server.getHost() == null || !Set.of("http", "https").contains(scheme)) {
            throw new IllegalArgumentException(
                    "server address \"%s\"; want one like http://127.0.0.1:8080".formatted(server));
        }
        this.base = server.toString().replaceFirst("/+$", "").replaceFirst("/v1$", "");
    }

    /// Sent with every request as `Authorization: Bearer`; null for none.
    public ClientBuilder apiKey(String key) {
        apiKey = key == null ? null : () -> key;
        return this;
    }

    /// Asked before each try, so that keys can change while the client lives. It must be quick; null is no key.
    public ClientBuilder apiKey(Supplier<String> keys) {
        apiKey = Objects.requireNonNull(keys, "keys");
        return this;
    }

    /// How long a connection may take to come about (default: 10 seconds). Not for a client of your own.
    public ClientBuilder connectTimeout(Duration timeout) {
        connectTimeout = positive(timeout, "connectTimeout");
        return this;
    }

    /// How long an answer that is not streamed may take in all, retries included (default: 10 minutes).
    public ClientBuilder requestTimeout(Duration timeout) {
        requestTimeout = positive(timeout, "requestTimeout");
        return this;
    }

    /// How long nothing at all may come of a streamed answer (default: 2 minutes). The server sends a sign of life
    /// every 15 seconds, so this finds connections that are dead.
    public ClientBuilder idleTimeout(Duration timeout) {
        idleTimeout = positive(timeout, "idleTimeout");
        return this;
    }

    /// When requests are sent again (default: [RetryPolicy#DEFAULT]).
    public ClientBuilder retries(RetryPolicy policy) {
        retries = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /// A header of every request, such as a proxy may want.
    ///
    /// @throws IllegalArgumentException for those that the client sets itself, and what HTTP does not allow
    public ClientBuilder header(String name, String value) {
        if (RESERVED.contains(name.toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException(
                    "header %s is the client's own; want another".formatted(name));
        }
        HttpRequest.newBuilder().header(name, value); // refuses what cannot be sent
        headers.put(name, value);
        return this;
    }

    /// Whom to trust, and with which certificate of one's own. Not for a client of your own.
    public ClientBuilder sslContext(SSLContext context) {
        sslContext = Objects.requireNonNull(context, "context");
        return this;
    }

    /// A client of your own, with its proxy, executor, timeout and certificates.
    public ClientBuilder httpClient(HttpClient client) {
        http = Objects.requireNonNull(client, "client");
        return this;
    }

    /// Pictures, videos and documents of more than so many bytes are uploaded, once each, and shown by their id
    /// (default: 4 MiB); smaller ones stand in the request. Where a server keeps no files, all do. What was uploaded so
    /// expires after a day.
    public ClientBuilder uploadOver(long bytes) {
        uploadOver = bytes;
        return this;
    }

    /// Whether a request that is given up here is also ended by its id (default: true), besides closing the
    /// connection: a proxy in between may keep its own open.
    public ClientBuilder cancelOnServer(boolean wanted) {
        cancelsOnServer = wanted;
        return this;
    }

    /// @throws IllegalArgumentException if a client of your own comes with settings that only it can have
    public MoonglassClient build() {
        if (http != null && sslContext != null) {
            throw new IllegalArgumentException(
                    "an sslContext beside an httpClient; want it in the httpClient itself");
        }
        return new MoonglassClient(
                new HttpTransport(
                        new ClientSettings(
                                http == null ? newClient() : http,
                                base,
                                apiKey,
                                Map.copyOf(headers),
                                requestTimeout,
                                idleTimeout,
                                retries,
                                uploadOver,
                                cancelsOnServer,
                                null)));
    }

    private HttpClient newClient() {
        HttpClient.Builder client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(connectTimeout);
        return sslContext == null ? client.build() : client.sslContext(sslContext).build();
    }

    private static Duration positive(Duration timeout, String name) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException(
                    "%s is %s; want a time above 0".formatted(name, timeout));
        }
        return timeout;
    }
}
