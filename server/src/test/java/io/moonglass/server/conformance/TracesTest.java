package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.server.observe.CapturedLog;
import io.moonglass.server.observe.LogFormat;
import io.moonglass.server.observe.TraceOptions;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Traces of real requests, as a collector receives them.
class TracesTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PARENT = "00f067aa0ba902b7";
    private static final String SAMPLED = "00-%s-%s-01".formatted(TRACE, PARENT);
    private static final String MARKER = "xylophone-quince";

    @TempDir private Path folder;

    private final OtlpCollector collector = new OtlpCollector();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private DemoServer server;

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
        http.shutdownNow();
        collector.close();
    }

    private void serve(double ratio) throws IOException {
        Path keys = folder.resolve("headers");
        Files.writeString(keys, "X-Key: of-the-collector\n");
        TraceOptions traces =
                new TraceOptions(URI.create(collector.address()), Optional.of(keys), ratio);
        server = DemoServer.start(folder, options -> options.withTraces(traces));
    }

    @Test
    void a_question_about_a_picture_is_one_span_with_a_child_for_each_stage() throws Exception {
        serve(0); // the caller decides
        JsonNode answer =
                JSON.readTree(
                        post(
                                        "/v1/chat/completions",
                                        """
                                        {"temperature": 0, "seed": 7, "top_p": 0.5, "max_tokens": 6, "messages": [{"role": "user", "content": [
                                          {"type": "image_url", "image_url": {"url": "%s"}}, {"type": "text", "text": "%s"}]}]}
                                        """
                                                .formatted(
                                                        DemoServer.pictureAddress("ocr_unseen_012"),
                                                        MARKER),
                                        SAMPLED)
                                .body());

        List<Span> spans = collector.await(TRACE, 8);

        Span request = parentOf(spans);
        assertEquals("chat moonglass-demo", request.getName());
        assertEquals(Span.SpanKind.SPAN_KIND_SERVER, request.getKind());
        assertEquals(PARENT, OtlpCollector.hex(request.getParentSpanId()));
        Map<String, AnyValue> told = OtlpCollector.attributes(request.getAttributesList());
        assertEquals("chat", told.get("gen_ai.operation.name").getStringValue());
        assertEquals("moonglass", told.get("gen_ai.provider.name").getStringValue());
        assertEquals("moonglass-demo", told.get("gen_ai.request.model").getStringValue());
        assertEquals(6, told.get("gen_ai.request.max_tokens").getIntValue());
        assertEquals(0, told.get("gen_ai.request.temperature").getDoubleValue());
        assertEquals(0.5, told.get("gen_ai.request.top_p").getDoubleValue());
        assertEquals(7, told.get("gen_ai.request.seed").getIntValue());
        assertEquals(answer.get("id").textValue(), told.get("gen_ai.response.id").getStringValue());
        assertEquals(
                answer.at("/choices/0/finish_reason").textValue(),
                told.get("gen_ai.response.finish_reasons")
                        .getArrayValue()
                        .getValues(0)
                        .getStringValue());
        assertEquals(
                answer.at("/usage/prompt_tokens").intValue(),
                told.get("gen_ai.usage.input_tokens").getIntValue());
        assertEquals(
                answer.at("/usage/completion_tokens").intValue(),
                told.get("gen_ai.usage.output_tokens").getIntValue());
        assertEquals(
                answer.at("/usage/prompt_tokens_details/image_tokens").intValue(),
                told.get("gen_ai.usage.image.input_tokens").getIntValue());
        assertEquals("/v1/chat/completions", told.get("http.route").getStringValue());
        assertEquals(200, told.get("http.response.status_code").getIntValue());

        List<Span> stages =
                spans.stream()
                        .filter(span -> span.getParentSpanId().equals(request.getSpanId()))
                        .sorted(Comparator.comparingLong(Span::getStartTimeUnixNano))
                        .toList();
        assertEquals(
                List.of("admission", "queue", "decode", "resize", "encode", "prompt", "decoding"),
                stages.stream().map(Span::getName).toList());
        for (Span stage : stages) {
            assertTrue(stage.getStartTimeUnixNano() >= request.getStartTimeUnixNano());
            assertTrue(stage.getEndTimeUnixNano() >= stage.getStartTimeUnixNano());
            assertTrue(stage.getEndTimeUnixNano() <= request.getEndTimeUnixNano());
        }
        Map<String, AnyValue> resource =
                OtlpCollector.attributes(
                        collector.received().getFirst().getResource().getAttributesList());
        assertEquals("moonglass", resource.get("service.name").getStringValue());
        assertTrue(resource.containsKey("service.version"));
        assertEquals("of-the-collector", collector.keys().getFirst());
        String content = answer.at("/choices/0/message/content").textValue();
        assertFalse(content.isBlank());
        for (String text : List.of(MARKER, content.strip())) {
            assertFalse(collector.received().toString().contains(text), text);
        }
    }

    @Test
    void a_refused_request_is_a_span_with_the_code_of_its_error() throws Exception {
        serve(0);
        post("/v1/messages", "{\"max_tokens\": 0, \"messages\": []}", SAMPLED);

        Span request = parentOf(collector.await(TRACE, 2));

        assertEquals(Status.StatusCode.STATUS_CODE_ERROR, request.getStatus().getCode());
        Map<String, AnyValue> told = OtlpCollector.attributes(request.getAttributesList());
        assertEquals("invalid_value", told.get("error.type").getStringValue());
        assertEquals(400, told.get("http.response.status_code").getIntValue());
    }

    @Test
    void a_caller_that_does_not_trace_is_not_traced_and_hostile_parents_are_no_parents()
            throws Exception {
        serve(1);
        List<String> hostile =
                List.of(
                        "",
                        "x",
                        "00-" + "0".repeat(32) + "-" + PARENT + "-01",
                        "00-" + TRACE + "-" + "0".repeat(16) + "-01",
                        "ff-" + TRACE + "-" + PARENT + "-01",
                        "00-" + TRACE.toUpperCase() + "-" + PARENT + "-01",
                        "00-" + TRACE + "-" + PARENT + "-zz",
                        SAMPLED + "-more",
                        "9".repeat(4_000));
        post("/v1/chat/completions", "{}", "00-%s-%s-00".formatted(TRACE, PARENT));
        for (String parent : hostile) {
            assertEquals(400, post("/v1/chat/completions", "{}", parent).statusCode());
        }
        server.close(); // sends what is left
        server = null;

        List<Span> requests =
                collector.spans().stream()
                        .filter(span -> span.getName().startsWith("chat"))
                        .toList();
        assertEquals(hostile.size(), requests.size());
        for (Span request : requests) {
            assertTrue(request.getParentSpanId().isEmpty());
            assertNotEquals(TRACE, OtlpCollector.hex(request.getTraceId()));
        }
    }

    @Test
    void health_metrics_and_lists_are_not_traced() throws Exception {
        serve(1);
        for (String path : List.of("/health", "/metrics", "/v1/models")) {
            http.send(
                    HttpRequest.newBuilder(URI.create(server.address() + path)).build(),
                    BodyHandlers.discarding());
        }
        server.close();
        server = null;

        assertEquals(List.of(), collector.spans());
    }

    @Test
    void a_collector_that_takes_nothing_costs_no_answer_and_is_told_of_once() throws Exception {
        serve(1);
        collector.status = 400;
        try (CapturedLog log = new CapturedLog(LogFormat.TEXT);
                DemoClient client = new DemoClient(server.address())) {
            for (int i = 0; i < 3; i++) {
                assertEquals(400, post("/v1/chat/completions", "{}", "").statusCode());
                log.await("does not take spans");
            }
            for (int i = 0; client.metric("moonglass_spans_dropped_total") < 6; i++) {
                assertTrue(i < 1_000, "dropped spans are not counted");
                Thread.sleep(20);
            }
            assertEquals(
                    1, log.lines().stream().filter(line -> line.contains("take spans")).count());

            collector.status = 200;
            post("/v1/chat/completions", "{}", "");

            log.await("takes spans again");
        }
    }

    private static Span parentOf(List<Span> spans) {
        return spans.stream()
                .filter(span -> span.getKind() == Span.SpanKind.SPAN_KIND_SERVER)
                .findFirst()
                .orElseThrow();
    }

    private HttpResponse<String> post(String path, String body, String traceParent)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(server.address() + path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body));
        if (!traceParent.isEmpty()) {
            request.header("traceparent", traceParent);
        }
        return http.send(request.build(), BodyHandlers.ofString());
    }
}
