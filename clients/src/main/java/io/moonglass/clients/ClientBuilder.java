package io.moonglass.clients;

import java.net.ProxySelector;
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
/// answers take long. For one thread; clients that were built do not change with it.
public final class ClientBuilder {

    private static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofMinutes(10);
    private static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofMinutes(2);
    private static final long DEFAULT_UPLOAD_OVER = 4L << 20;

    /// The client sets these itself.
    private static final Set<String> RESERVED =
            Set.of("authorization", "x-request-id", "content-type", "accept");

    /// Servers' logs have it.
    private static final String USER_AGENT = "User-Agent";

    private final String base;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private HttpClient http;
    private SSLContext sslContext;
    private ProxySelector proxy;
    private Supplier<String> apiKey;
    private Duration connectTimeout;
    private Duration requestTimeout = DEFAULT_REQUEST_TIMEOUT;
    private Duration idleTimeout = DEFAULT_IDLE_TIMEOUT;
    private RetryPolicy retries = RetryPolicy.DEFAULT;
    private long uploadOver = DEFAULT_UPLOAD_OVER;
    private boolean cancelsOnServer = true;

    ClientBuilder(URI server) {
        String scheme =
                server.getScheme() == null ? "" : server.getScheme().toLowerCase(Locale.ROOT);
        String authority = server.getRawAuthority();
        if (authority != null && authority.contains("@")) { // perhaps a password, and is not shown
            throw new IllegalArgumentException(
                    "a server address with a user's name before its host; want http://127.0.0.1:8080, and apiKey for a key");
        }
        boolean isPlain = server.getRawQuery() == null && server.getRawFragment() == null;
        if (server.getHost() == null || !Set.of("http", "https").contains(scheme) || !isPlain) {
            throw new IllegalArgumentException(
                    "server address \"%s\"; want one like http://127.0.0.1:8080".formatted(server));
        }
        headers.put(USER_AGENT, userAgent());
        this.base = server.toString().replaceFirst("/+$", "").replaceFirst("/v1$", "");
    }

    /// The jar's version; none where the classes lie in a folder.
    private static String userAgent() {
        String version = ClientBuilder.class.getPackage().getImplementationVersion();
        return "moonglass-java%s (Java %s)"
                .formatted(version == null ? "" : "/" + version, Runtime.version().feature());
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

    /// A header of every request, such as a proxy may want. `User-Agent` is the client's name and version unless it is set.
    ///
    /// @throws IllegalArgumentException for those that the client sets itself, and what HTTP does not allow
    public ClientBuilder header(String name, String value) {
        if (RESERVED.contains(name.toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException(
                    "header %s is the client's own; want another".formatted(name));
        }
        HttpRequest.newBuilder().header(name, value); // refuses what cannot be sent
        headers.keySet().removeIf(name::equalsIgnoreCase);
        headers.put(name, value);
        return this;
    }

    /// Whom to trust, and with which certificate of one's own. Not for a client of your own.
    public ClientBuilder sslContext(SSLContext context) {
        sslContext = Objects.requireNonNull(context, "context");
        return this;
    }

    /// Through which proxies requests go (default: [ProxySelector#getDefault()], which goes by system properties such as
    /// `https.proxyHost`). Not for a client of your own.
    public ClientBuilder proxy(ProxySelector selector) {
        proxy = Objects.requireNonNull(selector, "selector");
        return this;
    }

    /// A client of your own, with its proxy, executor, timeout and certificates. It should follow no redirects to other hosts,
    /// which would get the key.
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
        if (http != null) {
            refuseBeside("sslContext", sslContext);
            refuseBeside("proxy", proxy);
            refuseBeside("connectTimeout", connectTimeout);
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
                        .connectTimeout(
                                connectTimeout == null ? DEFAULT_CONNECT_TIMEOUT : connectTimeout);
        if (sslContext != null) {
            client.sslContext(sslContext);
        }
        if (proxy != null) {
            client.proxy(proxy);
        }
        return client.build();
    }

    private static void refuseBeside(String name, Object setting) {
        if (setting != null) {
            throw new IllegalArgumentException(
                    "%s beside an httpClient; want it in the httpClient itself".formatted(name));
        }
    }

    private static Duration positive(Duration timeout, String name) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException(
                    "%s is %s; want a time above 0".formatted(name, timeout));
        }
        return timeout;
    }
}
