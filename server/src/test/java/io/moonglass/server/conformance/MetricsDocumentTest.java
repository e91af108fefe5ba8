package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a server tells after real requests is what docs/metrics.md says, and what Prometheus takes.
class MetricsDocumentTest {

    /// Told by servers with TLS alone.
    private static final String CERTIFICATE = "moonglass_tls_certificate_expiry_timestamp_seconds";

    private static final Path DOCUMENT =
            Path.of("").toAbsolutePath().resolveSibling("docs").resolve("metrics.md");
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `([a-z0-9_:]+)` \\| (\\w+) \\| ([a-z_, ]*)\\| .* \\|$");
    private static final Pattern TYPE =
            Pattern.compile("(?m)^# TYPE ((?:moonglass_|vllm:)\\S+) (\\w+)$");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");

    private static DemoServer server;
    private static HttpClient http;
    private static String text;

    /// @param labels as the document or the samples name them, in any order
    private record Family(String type, Set<String> labels) {}

    @BeforeAll
    static void ask(@TempDir Path folder) throws Exception {
        server = DemoServer.start(folder);
        http = HttpClient.newHttpClient();
        assertEquals(
                200,
                post(
                        "/v1/chat/completions",
                        """
                        {"max_tokens": 8, "messages": [{"role": "user", "content": [
                          {"type": "image_url", "image_url": {"url": "%s"}},
                          {"type": "text", "text": "What does the text say?"}]}]}
                        """
                                .formatted(DemoServer.pictureAddress("ocr_unseen_012"))));
        assertEquals(400, post("/v1/chat/completions", "{}"));
        text = get("/metrics");
    }

    @AfterAll
    static void stop() {
        http.close();
        server.close();
    }

    @Test
    void every_metric_is_in_the_document_with_its_type_and_labels() throws Exception {
        Map<String, Family> documented = documented();

        told().forEach((name, family) -> assertEquals(documented.get(name), family, name));
    }

    @Test
    void every_metric_of_the_document_is_told() throws Exception {
        Set<String> missing = new TreeSet<>(documented().keySet());
        missing.removeAll(told().keySet());

        assertEquals(Set.of(CERTIFICATE), missing);
    }

    @Test
    void promtool_has_nothing_to_say_but_of_the_colon_in_vllms_names() throws Exception {
        Machine.need(Machine.has("promtool"), "promtool is not installed, and lints the metrics");
        Path metrics = Files.createTempFile("metrics", ".txt");
        Path said = Files.createTempFile("promtool", ".txt");
        try {
            Files.writeString(metrics, text);

            new ProcessBuilder("promtool", "check", "metrics")
                    .redirectInput(metrics.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start()
                    .waitFor();

            List<String> complaints =
                    Files.readAllLines(said).stream()
                            .filter(line -> !line.isBlank())
                            .filter(line ->
                                    !(line.startsWith("vllm:")
                                            && line.endsWith(
                                                    "metric names should not contain ':'")))
                            .toList();
            assertEquals(List.of(), complaints);
            assertTrue(Files.readString(said).contains("vllm:"), "it read nothing");
        } finally {
            Files.delete(metrics);
            Files.delete(said);
        }
    }

    private static Map<String, Family> documented() throws IOException {
        Map<String, Family> families = new TreeMap<>();
        for (MatchResult row : ROW.matcher(Files.readString(DOCUMENT)).results().toList()) {
            Set<String> labels = new TreeSet<>(Arrays.asList(row.group(3).strip().split(", ")));
            labels.remove("");
            Family before = families.put(row.group(1), new Family(row.group(2), labels));
            assertEquals(null, before, row.group(1) + " is there twice");
        }
        return families;
    }

    private static Map<String, Family> told() {
        Map<String, Family> families = new TreeMap<>();
        for (MatchResult type : TYPE.matcher(text).results().toList()) {
            families.put(type.group(1), new Family(type.group(2), labels(type.group(1))));
        }
        return families;
    }

    /// Of all its samples, without the bounds of buckets.
    private static Set<String> labels(String family) {
        Pattern samples =
                Pattern.compile(
                        "(?m)^%s(?:_bucket|_sum|_count)?\\{(.*)\\} \\S+$"
                                .formatted(Pattern.quote(family)));
        Set<String> labels = new TreeSet<>();
        samples.matcher(text)
                .results()
                .flatMap(sample -> LABEL.matcher(sample.group(1)).results())
                .forEach(label -> labels.add(label.group(1)));
        labels.remove("le");
        return labels;
    }

    private static String get(String path) throws Exception {
        return http.send(request(path).build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    private static int post(String path, String json) throws Exception {
        HttpRequest request =
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(json))
                        .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    }

    private static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(server.address() + path));
    }
}
