package io.moonglass.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.digest.Sha256;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlaygroundTest {

    private static final ServerOptions OPTIONS =
            ServerOptions.DEFAULT.withDrainTimeout(Duration.ZERO);
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"(playground/[^\"]+)\"");
    private static final Pattern IMPORT = Pattern.compile("from '\\./([^']+)'");

    @Test
    void a_page_is_served_with_all_that_it_uses() {
        try (RunningServer server = new RunningServer()) {
            HttpResponse<String> page = server.get("/");
            Map<String, String> types =
                    Map.of(
                            "js", "text/javascript; charset=utf-8",
                            "css", "text/css; charset=utf-8",
                            "svg", "image/svg+xml");

            assertEquals(200, page.statusCode());
            assertEquals("text/html; charset=utf-8", header(page, "Content-Type"));
            Set<String> files = new LinkedHashSet<>(found(LINK, page.body()));
            List<String> open = new ArrayList<>(files);
            while (!open.isEmpty()) {
                String path = open.removeFirst();
                HttpResponse<String> file = server.get("/" + path);
                assertEquals(200, file.statusCode(), path);
                assertEquals(
                        types.get(path.substring(path.lastIndexOf('.') + 1)),
                        header(file, "Content-Type"));
                for (String name : found(IMPORT, file.body())) {
                    if (files.add("playground/" + name)) {
                        open.add("playground/" + name);
                    }
                }
            }
            assertTrue(files.size() > 10, files::toString);
        }
    }

    @Test
    void nothing_stands_inside_the_page_or_comes_from_elsewhere() {
        try (RunningServer server = new RunningServer()) {
            for (String path : List.of("/", "/playground/app.js", "/playground/icon.svg")) {
                HttpResponse<String> file = server.get(path);
                String policy = header(file, "Content-Security-Policy");

                assertTrue(policy.startsWith("default-src 'none'; script-src 'self';"), policy);
                assertFalse(policy.contains("unsafe"), policy);
                assertTrue(policy.contains("frame-ancestors 'none'"), policy);
                assertEquals("nosniff", header(file, "X-Content-Type-Options"));
                assertEquals("no-referrer", header(file, "Referrer-Policy"));
            }
            String page = server.get("/").body();
            assertFalse(
                    Pattern.compile("<style|\\sstyle=|\\son\\w+=|https?://|<script(?![^>]*src)")
                            .matcher(page)
                            .find());
        }
    }

    @Test
    void what_a_browser_has_is_not_sent_again() {
        try (RunningServer server = new RunningServer()) {
            String tag = header(server.get("/"), "ETag");

            for (String known : List.of(tag, "W/" + tag, "\"other\", " + tag, "*")) {
                HttpResponse<String> again =
                        server.send(server.request("/").header("If-None-Match", known));
                assertEquals(304, again.statusCode(), known);
                assertEquals("", again.body());
                assertEquals(tag, header(again, "ETag"));
            }
            assertEquals(
                    200,
                    server.send(server.request("/").header("If-None-Match", "\"other\""))
                            .statusCode());
        }
    }

    @Test
    void no_name_leads_out_of_the_page() throws Exception {
        try (RunningServer server = new RunningServer()) {
            for (String path :
                    List.of(
                            "/playground/",
                            "/playground/none.js",
                            "/playground/..%2Fhttp%2Fopenapi.json",
                            "/playground/%2E%2E/http/openapi.json",
                            "/playground")) {
                HttpResponse<String> answer =
                        server.send(
                                HttpRequest.newBuilder(
                                        URI.create(server.uri("").toString() + path)));
                assertEquals(404, answer.statusCode(), path);
            }
            assertEquals(
                    405,
                    server.send(server.request("/").POST(HttpRequest.BodyPublishers.noBody()))
                            .statusCode());
        }
    }

    @Test
    void it_is_there_without_a_key_which_is_wanted_where_it_asks(@TempDir Path folder)
            throws Exception {
        byte[] hash = Sha256.start().digest("key".getBytes(StandardCharsets.UTF_8));
        Path keys = folder.resolve("keys");
        Files.writeString(keys, "people %s\n".formatted(HexFormat.of().formatHex(hash)));
        try (RunningServer server = new RunningServer(OPTIONS.withApiKeys(ApiKeys.read(keys)))) {
            assertEquals(200, server.get("/").statusCode());
            assertEquals(200, server.get("/playground/app.js").statusCode());
            assertEquals(401, server.get("/v1/models").statusCode());
            assertEquals(401, server.get("/metrics").statusCode());
        }
    }

    @Test
    void it_can_be_switched_off() {
        try (RunningServer server = new RunningServer(OPTIONS.withPlayground(false))) {
            assertEquals(404, server.get("/").statusCode());
            assertEquals(404, server.get("/playground/app.js").statusCode());
        }
    }

    @Test
    void the_operations_port_has_none(@TempDir Path folder) throws Exception {
        try (RunningServer server =
                new RunningServer(
                        OPTIONS.withOperations(
                                OperationsOptions.onPort(0, folder.resolve("heap-dumps"))))) {
            int port = server.server.operationsPort().orElseThrow();

            HttpResponse<String> answer =
                    server.http.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());

            assertEquals(404, answer.statusCode());
            assertEquals(200, server.get("/").statusCode());
        }
    }

    private static List<String> found(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        List<String> found = new ArrayList<>();
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }
}
