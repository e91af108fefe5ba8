package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Stands between a client and the server: passes bytes on as they come, and holds every answer, and every request that
/// was taken, against the document that the server itself serves.
final class RecordingProxy implements AutoCloseable {

    /// What belongs to a connection, or is written anew.
    private static final Set<String> NOT_PASSED_ON =
            Set.of(
                    "connection",
                    "content-length",
                    "transfer-encoding",
                    "host",
                    "upgrade",
                    "expect",
                    "http2-settings",
                    "date");

    private final URI server;
    private final ApiDescription description;
    private final HttpClient client;
    private final HttpServer proxy;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<RecordedExchange> exchanges = new CopyOnWriteArrayList<>();
    private final List<String> violations = new CopyOnWriteArrayList<>();

    /// @param serverPort of a server on this machine
    RecordingProxy(int serverPort) {
        this.server = URI.create("http://127.0.0.1:" + serverPort);
        this.client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        try {
            this.description =
                    new ApiDescription(
                            client.send(
                                            HttpRequest.newBuilder(server.resolve("/openapi.json"))
                                                    .build(),
                                            HttpResponse.BodyHandlers.ofString())
                                    .body());
            this.proxy =
                    HttpServer.create(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        proxy.setExecutor(threads);
        proxy.createContext("/", this::pass);
        proxy.start();
    }

    /// Without a slash at its end.
    String address() {
        return "http://127.0.0.1:" + proxy.getAddress().getPort();
    }

    /// All that has ended so far.
    List<RecordedExchange> exchanges() {
        return List.copyOf(exchanges);
    }

    /// Fails if anything that went through contradicts the document.
    void assertAllConforms() {
        assertEquals(List.of(), List.copyOf(violations), () -> String.join("\n\n", violations));
    }

    private void pass(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            HttpResponse<InputStream> response =
                    client.send(request(exchange, body), HttpResponse.BodyHandlers.ofInputStream());
            Map<String, String> headers = new HashMap<>();
            response.headers()
                    .map()
                    .forEach((name, values) -> {
                        headers.put(name.toLowerCase(Locale.ROOT), values.getFirst());
                        if (!NOT_PASSED_ON.contains(name.toLowerCase(Locale.ROOT))) {
                            exchange.getResponseHeaders().put(name, List.copyOf(values));
                        }
                    });
            ByteArrayOutputStream seen = new ByteArrayOutputStream();
            boolean whole = false;
            try (InputStream answer = response.body()) {
                long length = response.headers().firstValueAsLong("Content-Length").orElse(0);
                exchange.sendResponseHeaders(response.statusCode(), length);
                whole = copy(answer, exchange.getResponseBody(), seen);
            } finally {
                record(
                        new RecordedExchange(
                                exchange.getRequestMethod(),
                                exchange.getRequestURI().getPath(),
                                header(exchange, "Content-Type"),
                                body,
                                response.statusCode(),
                                headers,
                                seen.toByteArray(),
                                whole));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private HttpRequest request(HttpExchange exchange, byte[] body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(server.resolve(exchange.getRequestURI().toString()))
                        .method(
                                exchange.getRequestMethod(),
                                body.length == 0
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders()
                .forEach((name, values) -> {
                    if (!NOT_PASSED_ON.contains(name.toLowerCase(Locale.ROOT))) {
                        values.forEach(value -> request.header(name, value));
                    }
                });
        return request.build();
    }

    private static String header(HttpExchange exchange, String name) {
        String value = exchange.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    /// Piece by piece, so that a stream stays one; false if its reader left.
    private static boolean copy(InputStream from, OutputStream to, ByteArrayOutputStream seen)
            throws IOException {
        byte[] buffer = new byte[8_192];
        boolean isRead = true;
        for (int numBytes; (numBytes = from.read(buffer)) >= 0; ) {
            seen.write(buffer, 0, numBytes);
            try {
                to.write(buffer, 0, numBytes);
                to.flush();
            } catch (IOException e) {
                isRead = false;
                break;
            }
        }
        return isRead;
    }

    private void record(RecordedExchange exchange) {
        exchanges.add(exchange);
        description.violations(exchange).stream()
                .map(violation -> "%s\nof %s".formatted(violation, exchange))
                .forEach(violations::add);
    }

    @Override
    public void close() {
        proxy.stop(0);
        threads.close();
        client.close();
    }
}
