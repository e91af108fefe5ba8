package io.moonglass.server.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Asks a hub over HTTP, and whom it refers to. Redirections are followed here and not by the HTTP client, so that the
/// token goes to the hub alone.
final class HubConnection implements AutoCloseable {

    private static final Duration CONNECT = Duration.ofSeconds(15);
    private static final int MAX_REDIRECTIONS = 8;
    private static final long MAX_RETRY_AFTER_SECONDS = 120;

    private final HubSettings settings;
    private final Duration patience;
    private final HttpClient http;

    /// @param patience how long nothing may come of an answer
    HubConnection(HubSettings settings, Duration patience) {
        this.settings = settings;
        this.patience = patience;
        this.http =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(CONNECT)
                        .build();
    }

    Duration patience() {
        return patience;
    }

    URI endpoint() {
        return settings.endpoint();
    }

    boolean hasToken() {
        return settings.token().isPresent();
    }

    /// Gets what is at an address, from a byte on. The caller closes the body.
    ///
    /// @throws HubException for no answer, 408, 429 and 5xx; other statuses are the caller's to judge
    HttpResponse<InputStream> get(URI address, long from) throws InterruptedException {
        URI place = address;
        for (int i = 0; i <= MAX_REDIRECTIONS; i++) {
            HttpResponse<InputStream> response = send(place, from);
            int status = response.statusCode();
            if (!isRedirection(status)) {
                return passable(place, response);
            }
            close(response);
            place = redirected(place, response);
        }
        throw HubException.lasting(
                "%s leads on more than %d times".formatted(address.getHost(), MAX_REDIRECTIONS));
    }

    private HttpResponse<InputStream> send(URI place, long from) throws InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(place)
                        .header("User-Agent", "moonglass")
                        .header("Accept-Encoding", "identity");
        if (isHub(place)) {
            settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
        }
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        CompletableFuture<HttpResponse<InputStream>> answer =
                http.sendAsync(request.build(), BodyHandlers.ofInputStream());
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw HubException.passing("no answer from " + place.getAuthority(), e.getCause());
        } catch (TimeoutException e) {
            throw HubException.passing(
                    "no answer from %s within %d s"
                            .formatted(place.getAuthority(), patience.toSeconds()),
                    e);
        } finally {
            answer.cancel(true);
        }
    }

    private static boolean isRedirection(int status) {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    private boolean isHub(URI place) {
        URI hub = settings.endpoint();
        return place.getScheme().equalsIgnoreCase(hub.getScheme())
                && place.getHost().equalsIgnoreCase(hub.getHost())
                && port(place) == port(hub);
    }

    private static int port(URI place) {
        if (place.getPort() >= 0) {
            return place.getPort();
        }
        return "https".equalsIgnoreCase(place.getScheme()) ? 443 : 80;
    }

    private static URI redirected(URI from, HttpResponse<?> response) {
        Optional<String> location = response.headers().firstValue("Location");
        try {
            URI to = from.resolve(location.orElseThrow());
            boolean isHttp = "http".equalsIgnoreCase(to.getScheme());
            boolean isSecure = "https".equalsIgnoreCase(to.getScheme());
            boolean staysSecure = isSecure || isHttp && !"https".equalsIgnoreCase(from.getScheme());
            if (staysSecure && to.getHost() != null && to.getUserInfo() == null) {
                return to;
            }
        } catch (RuntimeException e) {
            throw notFollowed(from, e);
        }
        throw notFollowed(from, null);
    }

    private static HubException notFollowed(URI from, Throwable cause) {
        return HubException.lasting(
                "%s leads to where nothing is fetched from; want an address as secure as its own"
                        .formatted(from.getAuthority()),
                cause);
    }

    private static HttpResponse<InputStream> passable(
            URI place, HttpResponse<InputStream> response) {
        int status = response.statusCode();
        if (status == 408 || status == 429 || status >= 500) {
            close(response);
            throw HubException.passing(
                    "%s answers with status %d".formatted(place.getAuthority(), status),
                    retryAfter(response));
        }
        return response;
    }

    /// In seconds; dates are passed over.
    private static Optional<Duration> retryAfter(HttpResponse<?> response) {
        return response.headers()
                .firstValue("Retry-After")
                .filter(text -> text.matches("\\d{1,9}"))
                .map(Long::parseLong)
                .map(seconds -> Duration.ofSeconds(Math.min(seconds, MAX_RETRY_AFTER_SECONDS)));
    }

    static void close(HttpResponse<InputStream> response) {
        try (InputStream body = response.body()) {
            // a short one may as well be read, so that the connection serves again
            body.skipNBytes(Math.min(body.available(), 8192));
        } catch (IOException e) {
            System.getLogger(HubConnection.class.getName())
                    .log(System.Logger.Level.DEBUG, "an answer that nobody wants", e);
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
