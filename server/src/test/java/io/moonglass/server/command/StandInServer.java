package io.moonglass.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// A server that says 429 to the first few requests, and one word to all others; it keeps what it was asked.
final class StandInServer implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BUSY =
            "{\"error\": {\"message\": \"too much at once\", \"code\": \"queue_full\"}}";
    private static final String ANSWER =
            """
            data: {"choices": [{"index": 0, "delta": {"content": "yes"}}]}

            data: {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11, \
            "prompt_tokens_details": {"cached_tokens": 4, "image_tokens": 0}}}

            data: [DONE]

            """;

    final List<JsonNode> bodies = Collections.synchronizedList(new ArrayList<>());
    final List<String> keys = Collections.synchronizedList(new ArrayList<>());

    private final HttpServer server;
    private int numRefusals;

    /// @param numRefusals requests that get 429
    StandInServer(int numRefusals) throws IOException {
        this.numRefusals = numRefusals;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/v1/models",
                exchange -> send(exchange, 200, "{\"data\": [{\"id\": \"standing-in\"}]}"));
        server.createContext("/v1/chat/completions", this::answer);
        server.start();
    }

    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        bodies.add(JSON.readTree(exchange.getRequestBody()));
        keys.add(exchange.getRequestHeaders().getFirst("Authorization"));
        if (numRefusals > 0) {
            numRefusals--;
            exchange.getResponseHeaders().set("Retry-After", "0");
            send(exchange, 429, BUSY);
        } else {
            send(exchange, 200, ANSWER);
        }
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
