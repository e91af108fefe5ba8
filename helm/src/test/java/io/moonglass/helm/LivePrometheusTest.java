package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real Prometheus watches a real server under the load generator, by the chart's own rules and dashboards.
class LivePrometheusTest {

    private static final String QUEUE_ALERT = "ALERTS{alertname=\"MoonglassQueueLong\"}";

    /// Metrics that there are only after something that does not happen here: TLS is off.
    private static final List<String> ABSENT_HERE =
            List.of("moonglass_tls_certificate_expiry_timestamp_seconds");

    @TempDir private Path folder;

    @Test
    void dashboards_have_data_and_the_alert_of_the_queue_fires_and_clears() throws Exception {
        Program program = Program.orSkip("prometheus", "on Debian in the package prometheus");
        // two at once, so that ten clients wait
        try (ServerProcess server = ServerProcess.serve(folder, "--max-running", "2")) {
            writeConfiguration(server.address());
            try (PrometheusProcess prometheus = PrometheusProcess.start(program, folder)) {
                askForAModelThatIsNotThere(server.address());
                Process load = load(server.address());
                try {
                    await(prometheus, QUEUE_ALERT.replace("}", ",alertstate=\"firing\"}"), true);
                    assertTrue(isThere(prometheus, "moonglass:active_requests:sum > 2"));
                    awaitDataForAllExpressions(prometheus);
                } finally {
                    load.destroy();
                    load.waitFor(30, TimeUnit.SECONDS);
                }
                await(prometheus, QUEUE_ALERT, false);
                assertFalse(isThere(prometheus, "ALERTS{alertstate=\"firing\"}"));
                // it was pending before it fired
                assertTrue(
                        isThere(
                                prometheus,
                                "count_over_time(%s[5m])"
                                        .formatted(
                                                QUEUE_ALERT.replace(
                                                        "}", ",alertstate=\"pending\"}"))));
            }
        }
    }

    /// A rate wants two scrapes, and some counts begin with the first request that ended.
    private static void awaitDataForAllExpressions(PrometheusProcess prometheus)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        List<String> empty = expressionsWithoutData(prometheus);
        while (!empty.isEmpty() && System.nanoTime() < deadline) {
            Thread.sleep(1000);
            empty = expressionsWithoutData(prometheus);
        }
        assertEquals(List.of(), empty, "expressions of dashboards without data");
    }

    private static List<String> expressionsWithoutData(PrometheusProcess prometheus)
            throws IOException, InterruptedException {
        List<String> empty = new ArrayList<>();
        for (Dashboard dashboard : Dashboard.all()) {
            for (String expression : dashboard.expressions()) {
                if (ABSENT_HERE.stream().noneMatch(expression::contains)
                        && !isThere(prometheus, expression)) {
                    empty.add(expression);
                }
            }
        }
        return empty;
    }

    private static boolean isThere(PrometheusProcess prometheus, String expression)
            throws IOException, InterruptedException {
        return !prometheus.query(expression).isEmpty();
    }

    /// Waits until an expression has a result, or none.
    private static void await(PrometheusProcess prometheus, String expression, boolean there)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (isThere(prometheus, expression) != there) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(
                        "%s: %s %s"
                                .formatted(
                                        expression,
                                        there ? "never came; what waits is" : "did not go;",
                                        prometheus.query("moonglass_requests_waiting")));
            }
            Thread.sleep(250);
        }
    }

    /// The chart's rules, in seconds instead of minutes.
    private void writeConfiguration(URI server) throws IOException {
        JsonNode rules =
                Chart.withTests()
                        .renderText("prometheusRule: {enabled: true}")
                        .only("PrometheusRule")
                        .at("/spec/groups");
        for (JsonNode group : rules) {
            ((ObjectNode) group).put("interval", "1s");
            for (JsonNode rule : group.path("rules")) {
                if (rule.path("alert").asText().equals("MoonglassQueueLong")) {
                    ((ObjectNode) rule).put("for", "3s");
                }
            }
        }
        Chart.YAML.writeValue(
                folder.resolve("rules.yaml").toFile(),
                Chart.YAML.createObjectNode().set("groups", rules));
        Files.writeString(
                folder.resolve("prometheus.yml"),
                """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: [rules.yaml]
                scrape_configs:
                  - job_name: moonglass
                    static_configs:
                      - targets: ["%s"]
                        labels: {namespace: inference, pod: release-moonglass-7d9f8b6c5d-x2k4j}
                """
                        .formatted(server.getAuthority()));
    }

    private static void askForAModelThatIsNotThere(URI server)
            throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> refusal =
                    client.send(
                            HttpRequest.newBuilder(server.resolve("/v1/chat/completions"))
                                    .header("Content-Type", "application/json")
                                    .POST(
                                            HttpRequest.BodyPublishers.ofString(
                                                    "{\"model\": \"none\", \"messages\": [{\"role\": \"user\", \"content\": \"?\"}]}"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertEquals(404, refusal.statusCode(), refusal::body);
        }
    }

    private Process load(URI server) throws IOException {
        return ServerProcess.start(
                folder,
                folder.resolve("load.log"),
                List.of(
                        "load",
                        "--url",
                        server.toString(),
                        "--concurrency",
                        "10",
                        "--duration",
                        "120",
                        "--mix",
                        Path.of("src/test/resources/prometheus/load-mix.json")
                                .toAbsolutePath()
                                .toString()));
    }
}
