package io.moonglass.server.hub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/// A hub on this machine that has one repository, and does to a pull what hubs and networks do.
public final class LoopbackHub implements AutoCloseable {

    public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    /// Paths that were asked for, each with the range and the token that came along, in order.
    final List<String> asked = Collections.synchronizedList(new ArrayList<>());

    final Map<String, byte[]> files = new LinkedHashMap<>();

    /// What the listing says of a file in place of the truth.
    UnaryOperator<ObjectNode> listed = entry -> entry;

    /// What is sent of a file in place of the truth.
    final Map<String, byte[]> sentInstead = new ConcurrentHashMap<>();

    /// After so many bytes of each answer about weights the connection breaks.
    int breaksAfter = Integer.MAX_VALUE;

    /// So many first answers about weights stand still.
    final AtomicInteger numStandstills = new AtomicInteger();

    /// So many first requests are refused with 429.
    final AtomicInteger numRefusals = new AtomicInteger();

    boolean knowsRanges = true;

    /// Where the bytes of weights are; null for here.
    String bytesAt;

    int pageSize = 1000;

    /// In place of the answer to the first question; null for none.
    String refusal;

    int refusalStatus = 200;

    /// In place of the address of the list's next page; null for the right one.
    String nextPage;

    private final String repository;
    private final HttpServer server;

    public LoopbackHub() throws IOException {
        this("org/name");
    }

    /// @param repository that it has, as `org/name`
    public LoopbackHub(String repository) throws IOException {
        this.repository = repository;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    public URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    public LoopbackHub with(String name, byte[] bytes) {
        files.put(name, bytes);
        return this;
    }

    LoopbackHub with(String name, String text) {
        return with(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getRawPath();
        String range = exchange.getRequestHeaders().getFirst("Range");
        String token = exchange.getRequestHeaders().getFirst("Authorization");
        asked.add(path + (range == null ? "" : " " + range) + (token == null ? "" : " " + token));
        if (numRefusals.getAndDecrement() > 0) {
            exchange.getResponseHeaders().set("Retry-After", "0");
            send(exchange, 429, "{}");
        } else if (path.startsWith("/api/models/%s/revision/".formatted(repository))) {
            if (refusalStatus != 200) {
                exchange.getResponseHeaders().set("X-Error-Code", refusal);
            }
            send(exchange, refusalStatus, "{\"sha\": \"%s\"}".formatted(COMMIT));
        } else if (path.equals("/api/models/%s/tree/%s".formatted(repository, COMMIT))) {
            list(exchange);
        } else if (path.startsWith("/%s/resolve/%s/".formatted(repository, COMMIT))) {
            sendFile(exchange, path.substring(path.lastIndexOf('/') + 1), range);
        } else {
            send(exchange, 404, "{}");
        }
    }

    private void list(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        int start =
                query.contains("cursor=")
                        ? Integer.parseInt(query.substring(query.indexOf("cursor=") + 7))
                        : 0;
        ArrayNode page = JsonNodeFactory.instance.arrayNode();
        page.addObject().put("type", "directory").put("oid", "0".repeat(40)).put("path", "figures");
        List<String> names = List.copyOf(files.keySet());
        for (String name : names.subList(start, Math.min(start + pageSize, names.size()))) {
            page.add(listed.apply(entry(name)));
        }
        if (start + pageSize < names.size()) {
            String next =
                    nextPage == null
                            ? "%s/api/models/%s/tree/%s?recursive=false&cursor=%d"
                                    .formatted(address(), repository, COMMIT, start + pageSize)
                            : nextPage;
            exchange.getResponseHeaders().set("Link", "<%s>; rel=\"next\"".formatted(next));
        }
        send(exchange, 200, page.toString());
    }

    private ObjectNode entry(String name) {
        byte[] bytes = files.get(name);
        ObjectNode entry =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("type", "file")
                        .put("path", name)
                        .put("size", bytes.length)
                        .put("oid", gitHash(bytes));
        if (name.endsWith(".safetensors")) {
            entry.putObject("lfs").put("oid", sha256(bytes)).put("size", bytes.length);
        }
        return entry;
    }

    private void sendFile(HttpExchange exchange, String name, String range) throws IOException {
        byte[] bytes = sentInstead.getOrDefault(name, files.get(name));
        boolean isWeights = name.endsWith(".safetensors");
        if (isWeights && bytesAt != null) {
            exchange.getResponseHeaders()
                    .set("Location", bytesAt + exchange.getRequestURI().getRawPath());
            send(exchange, 302, "moved");
            return;
        }
        int from =
                range == null || !knowsRanges
                        ? 0
                        : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
        if (from > 0) {
            exchange.getResponseHeaders()
                    .set(
                            "Content-Range",
                            "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length));
        }
        int length = bytes.length - from;
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, length == 0 ? -1 : length);
        boolean standsStill = isWeights && numStandstills.getAndDecrement() > 0;
        try (OutputStream body = exchange.getResponseBody()) {
            int sent = isWeights ? Math.min(length, standsStill ? 1 : breaksAfter) : length;
            body.write(bytes, from, sent);
            body.flush();
            if (standsStill) {
                awaitEnd(body);
            }
        } catch (IOException e) {
            // the connection breaks because less was sent than announced, as is wanted
            exchange.close();
        }
    }

    /// Until whoever reads has had enough.
    private static void awaitEnd(OutputStream body) throws IOException {
        try {
            Thread.sleep(2000);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        body.flush();
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    static String sha256(byte[] bytes) {
        return hash("SHA-256", bytes);
    }

    static String gitHash(byte[] bytes) {
        byte[] head = "blob %d\0".formatted(bytes.length).getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[head.length + bytes.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(bytes, 0, all, head.length, bytes.length);
        return hash("SHA-1", all);
    }

    private static String hash(String algorithm, byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
