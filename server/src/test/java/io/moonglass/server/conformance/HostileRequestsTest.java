package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.moonglass.server.conformance.ValidRequests.ValidRequest;
import io.moonglass.server.files.FileStoreOptions;
import io.moonglass.server.responses.ResponseStoreOptions;
import java.awt.Color;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/// Whatever comes: no fault of the server's own, no hang, an answer as described, and the next good request is answered.
class HostileRequestsTest {

    private static final String GOOD =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":1}";

    /// Writes half characters as escapes, which is the only way that they come.
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /// Short, so that no answer is long, whatever is asked for.
    private static final int CONTEXT_LENGTH = 640;

    private static Path folder;
    private static TinyServer server;
    private static ApiDescription description;

    @BeforeContainer
    static void start() throws IOException {
        folder = Files.createTempDirectory("hostile");
        server =
                new TinyServer(
                        CONTEXT_LENGTH,
                        options ->
                                options.withMaxBodyBytes(1 << 20)
                                        .withResponses(
                                                new ResponseStoreOptions(
                                                        folder.resolve("responses"),
                                                        4 << 20,
                                                        Duration.ofDays(1)))
                                        .withFiles(
                                                new FileStoreOptions(
                                                        folder.resolve("files"),
                                                        4 << 20,
                                                        100,
                                                        1 << 20,
                                                        Optional.empty())));
        description = server.description();
    }

    @AfterContainer
    static void stop() throws IOException {
        server.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Example
    void what_is_to_be_spoilt_is_good() {
        for (ValidRequest request : ValidRequests.all()) {
            RecordedExchange exchange = server.post(request.path(), request.body().toString());

            assertEquals(200, exchange.status(), exchange::toString);
            assertEquals(List.of(), description.violations(exchange), exchange::toString);
        }
    }

    @Property(
            tries = 8_000,
            seed = "1",
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void spoilt_bodies_harm_nobody(
            @ForAll("validRequests") ValidRequest request,
            @ForAll("mutations") List<Mutation> mutations)
            throws JsonProcessingException {
        JsonNode body = request.body();
        for (Mutation mutation : mutations) {
            body = mutation.applyTo(body);
        }

        assertHarmless(server.post(request.path(), JSON.writeValueAsString(body)));
    }

    @Property(tries = 500, seed = "2", edgeCases = EdgeCasesMode.NONE)
    void bodies_that_are_no_json_harm_nobody(
            @ForAll("validRequests") ValidRequest request,
            @ForAll("cuts") double cut,
            @ForAll("rubbish") String rubbish,
            @ForAll("types") String type)
            throws JsonProcessingException {
        byte[] good = JSON.writeValueAsBytes(request.body());
        int at = (int) (cut * good.length);
        byte[] bytes = rubbish.getBytes(StandardCharsets.ISO_8859_1);
        byte[] body = Arrays.copyOf(good, good.length + bytes.length);
        System.arraycopy(bytes, 0, body, at, bytes.length);
        System.arraycopy(good, at, body, at + bytes.length, good.length - at);

        assertHarmless(
                server.send(
                        "POST",
                        request.path(),
                        type,
                        cut < 0.3 ? Arrays.copyOf(body, at + bytes.length) : body));
    }

    @Property(tries = 400, seed = "3", edgeCases = EdgeCasesMode.NONE)
    void forms_that_are_none_harm_nobody(
            @ForAll("formRoutes") String path,
            @ForAll("forms") String form,
            @ForAll("boundaries") String boundary) {
        byte[] body = form.getBytes(StandardCharsets.ISO_8859_1);

        assertHarmless(server.send("POST", path, "multipart/form-data" + boundary, body));
    }

    @Property(tries = 400, seed = "4", edgeCases = EdgeCasesMode.NONE)
    void paths_and_methods_of_any_kind_harm_nobody(
            @ForAll("methods") String method,
            @ForAll("paths") String path,
            @ForAll("queries") String query) {
        assertHarmless(
                server.send(
                        method,
                        path + query,
                        "application/json",
                        method.equals("GET")
                                ? new byte[0]
                                : "{}".getBytes(StandardCharsets.UTF_8)));
    }

    private static void assertHarmless(RecordedExchange exchange) {
        assertTrue(
                exchange.status() < 500 || exchange.status() == 501 || exchange.status() == 504,
                exchange::toString);
        assertEquals(List.of(), description.violations(exchange), exchange::toString);
        RecordedExchange good = server.post("/v1/chat/completions", GOOD);
        assertEquals(200, good.status(), () -> "after %s\nthis: %s".formatted(exchange, good));
    }

    @Provide
    Arbitrary<ValidRequest> validRequests() {
        return Arbitraries.of(ValidRequests.all());
    }

    @Provide
    Arbitrary<List<Mutation>> mutations() {
        return Combinators.combine(
                        Arbitraries.of(Mutation.Kind.class),
                        Arbitraries.integers().between(0, 200),
                        Arbitraries.of(Mutation.values()))
                .as(Mutation::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3);
    }

    @Provide
    Arbitrary<Double> cuts() {
        return Arbitraries.doubles().between(0, 1);
    }

    @Provide
    Arbitrary<String> rubbish() {
        return Arbitraries.oneOf(
                Arbitraries.of(
                        "\u00ff\u00fe",
                        "\u00ef\u00bb\u00bf",
                        "\u0000",
                        "\"",
                        "}",
                        "{",
                        "[".repeat(2_000),
                        "{\"a\":".repeat(2_000),
                        ",\"model\":\"a\",\"model\":\"b\"",
                        "\\ud800",
                        "NaN",
                        "1e999999999",
                        "9".repeat(2_000),
                        "/*",
                        ""),
                Arbitraries.strings().withCharRange('\u0000', '\u00ff').ofMaxLength(8));
    }

    @Provide
    Arbitrary<String> types() {
        return Arbitraries.frequency(
                Tuple.of(6, "application/json"),
                Tuple.of(1, "application/json; charset=utf-16"),
                Tuple.of(1, "text/plain"),
                Tuple.of(1, "multipart/form-data"),
                Tuple.of(1, ""));
    }

    @Provide
    Arbitrary<String> formRoutes() {
        return Arbitraries.of("/v1/vqa", "/v1/files", "/v1/chat/completions");
    }

    @Provide
    Arbitrary<String> boundaries() {
        return Arbitraries.of(
                "; boundary=b",
                "; boundary=\"b\"",
                "; boundary=",
                "",
                "; boundary=" + "b".repeat(100));
    }

    @Provide
    Arbitrary<String> forms() {
        String picture =
                new String(ValidRequests.picture(28, 28, Color.BLUE), StandardCharsets.ISO_8859_1);
        return Arbitraries.of(
                        "--b\r\n",
                        "--b--\r\n",
                        "--b",
                        "\r\n",
                        "Content-Disposition: form-data; name=\"question\"\r\n\r\nwhat?\r\n",
                        "Content-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n"
                                + picture
                                + "\r\n",
                        "Content-Disposition: form-data; name=\"file\"; filename=\"../../a\"\r\n\r\n"
                                + picture
                                + "\r\n",
                        "Content-Disposition: form-data; name=\"purpose\"\r\n\r\nvision\r\n",
                        "Content-Disposition: form-data; name=\"max_tokens\"\r\n\r\n2\r\n",
                        "Content-Disposition: form-data; name=\"max_tokens\"\r\n\r\n1e99\r\n",
                        "Content-Disposition: form-data; name=\"temperature\"\r\n\r\nNaN\r\n",
                        "Content-Disposition: form-data; name=\"expires_after[seconds]\"\r\n\r\n60\r\n",
                        "Content-Disposition: form-data; name=\"expires_after[anchor]\"\r\n\r\ncreated_at\r\n",
                        "Content-Disposition: form-data\r\n\r\nnameless\r\n",
                        "Content-Disposition: form-data; name=\"stream\"\r\n\r\ntrue\r\n",
                        "X: " + "x".repeat(5_000) + "\r\n\r\n",
                        "\u0000\u00ff")
                .list()
                .ofMaxSize(10)
                // what a client sends, with faults in it
                .map(pieces -> String.join("--b\r\n", pieces) + "--b--\r\n");
    }

    @Provide
    Arbitrary<String> methods() {
        return Arbitraries.of("GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS");
    }

    @Provide
    Arbitrary<String> paths() {
        Arbitrary<String> ids =
                Arbitraries.oneOf(
                        Arbitraries.of(
                                "tiny-random",
                                "resp_" + "0".repeat(32),
                                "file-" + "0".repeat(32),
                                "..",
                                "%2e%2e%2fetc%2fpasswd",
                                "%00",
                                "%ff",
                                "a/b/c",
                                "x".repeat(2_000)),
                        Arbitraries.strings()
                                .ofMaxLength(6)
                                .map(text -> URLEncoder.encode(text, StandardCharsets.UTF_8)));
        Arbitrary<String> templates =
                Arbitraries.of(
                        "/v1/models/%s",
                        "/v1/responses/%s",
                        "/v1/responses/%s/input_items",
                        "/v1/responses/%s/cancel",
                        "/v1/files/%s",
                        "/v1/files/%s/content",
                        "/v1/requests/%s",
                        "/v1/messages/%s",
                        "/%s",
                        "/v1/models/%s/",
                        "/v1/%s/models");
        return Combinators.combine(templates, ids).as((template, id) -> template.replace("%s", id));
    }

    @Provide
    Arbitrary<String> queries() {
        return Arbitraries.of(
                "",
                "?limit=0",
                "?limit=-1&order=up",
                "?limit=99999999999",
                "?after=x&limit=1",
                "?stream=true",
                "?%ff=%25",
                "?order=asc&limit=5");
    }
}
