package io.moonglass.server.conformance;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;

/// Takes traces by OTLP over HTTP, as any collector does, and keeps them.
final class OtlpCollector implements AutoCloseable {

    private final HttpServer server;
    private final List<ResourceSpans> received = new CopyOnWriteArrayList<>();
    private final List<String> keys = new CopyOnWriteArrayList<>();

    /// What it answers.
    volatile int status = 200;

    OtlpCollector() {
        try {
            server =
                    HttpServer.create(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/v1/traces", this::take);
        server.start();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("X-Key")));
            boolean isZipped =
                    "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
            InputStream body = exchange.getRequestBody();
            byte[] bytes = (isZipped ? new GZIPInputStream(body) : body).readAllBytes();
            if (status == 200) {
                received.addAll(ExportTraceServiceRequest.parseFrom(bytes).getResourceSpansList());
            }
            exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(status, -1);
        }
    }

    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    List<ResourceSpans> received() {
        return List.copyOf(received);
    }

    /// What was sent in the header `X-Key`, request by request.
    List<String> keys() {
        return List.copyOf(keys);
    }

    List<Span> spans() {
        List<Span> spans = new ArrayList<>();
        received.forEach(resource ->
                resource.getScopeSpansList().forEach(scope -> spans.addAll(scope.getSpansList())));
        return spans;
    }

    /// The spans of one trace once so many have come.
    List<Span> await(String traceId, int count) throws InterruptedException {
        List<Span> spans = List.of();
        for (int i = 0; i < 2_000; i++) {
            spans =
                    spans().stream()
                            .filter(span -> hex(span.getTraceId()).equals(traceId))
                            .toList();
            if (spans.size() >= count) {
                return spans;
            }
            Thread.sleep(10);
        }
        throw new AssertionError("of trace %s there are only %s".formatted(traceId, spans));
    }

    static String hex(com.google.protobuf.ByteString id) {
        return java.util.HexFormat.of().formatHex(id.toByteArray());
    }

    static Map<String, AnyValue> attributes(List<KeyValue> attributes) {
        Map<String, AnyValue> byName = new HashMap<>();
        attributes.forEach(attribute -> byName.put(attribute.getKey(), attribute.getValue()));
        return byName;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
