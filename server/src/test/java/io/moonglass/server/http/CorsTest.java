package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.CHAT;
import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.errorCode;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a browser is told, and what a page may do that nobody allowed.
class CorsTest {

    private static final String PAGE = "https://chat.example.org";

    private static HttpResponse<String> chatFrom(RunningServer server, String origin) {
        return server.send(
                server.request(CHAT)
                        .header("Origin", origin)
                        .POST(HttpRequest.BodyPublishers.ofString(GOOD)));
    }

    private static HttpResponse<String> preflight(RunningServer server, String origin) {
        return server.send(
                server.request(CHAT)
                        .header("Origin", origin)
                        .header("Access-Control-Request-Method", "POST")
                        .header(
                                "Access-Control-Request-Headers",
                                "authorization, x-stainless-os, b@d")
                        .method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
    }

    private static Optional<String> header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name);
    }

    @Test
    void no_page_may_ask_unless_it_was_allowed() {
        try (RunningServer server = new RunningServer()) {
            HttpResponse<String> answer = chatFrom(server, PAGE);

            assertEquals(403, answer.statusCode());
            assertEquals("origin_not_allowed", errorCode(answer));
            assertEquals(Optional.empty(), header(answer, "Access-Control-Allow-Origin"));
            assertEquals(405, preflight(server, PAGE).statusCode());
        }
    }

    @Test
    void a_page_from_the_address_that_it_asks_needs_no_leave() {
        try (RunningServer server = new RunningServer()) {
            assertEquals(
                    200,
                    chatFrom(server, "https://127.0.0.1:" + server.server.port()).statusCode());
        }
    }

    @Test
    void an_allowed_page_is_told_so_before_any_key_is_asked_for() throws Exception {
        ServerOptions options =
                ServerOptions.DEFAULT
                        .withApiKeys(CallerTest.keys("alice"))
                        .withCorsOrigins(new CorsOrigins(Set.of(PAGE)));
        try (RunningServer server = new RunningServer(options)) {
            HttpResponse<String> question = preflight(server, PAGE);
            HttpResponse<String> refused = chatFrom(server, PAGE);
            HttpResponse<String> other = preflight(server, "https://evil.example.org");

            assertEquals(204, question.statusCode());
            assertEquals(PAGE, header(question, "Access-Control-Allow-Origin").orElseThrow());
            assertEquals("POST", header(question, "Access-Control-Allow-Methods").orElseThrow());
            assertEquals(
                    "authorization, x-stainless-os",
                    header(question, "Access-Control-Allow-Headers").orElseThrow());
            assertEquals("Origin", header(question, "Vary").orElseThrow());
            assertEquals(401, refused.statusCode()); // and the page may read why
            assertEquals(PAGE, header(refused, "Access-Control-Allow-Origin").orElseThrow());
            assertTrue(
                    header(refused, "Access-Control-Expose-Headers")
                            .orElseThrow()
                            .contains("X-Request-Id"));
            assertEquals(401, other.statusCode());
            assertEquals(Optional.empty(), header(other, "Access-Control-Allow-Origin"));
        }
    }

    @Test
    void a_star_lets_all_pages_ask() {
        try (RunningServer server =
                new RunningServer(
                        ServerOptions.DEFAULT.withCorsOrigins(new CorsOrigins(Set.of("*"))))) {
            HttpResponse<String> answer = chatFrom(server, PAGE);

            assertEquals(200, answer.statusCode());
            assertEquals("*", header(answer, "Access-Control-Allow-Origin").orElseThrow());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "chat.example.org",
                "https://chat.example.org/",
                "https://A.org",
                "",
                "null"
            })
    void what_no_browser_sends_is_no_origin(String text) {
        assertThrows(ConfigException.class, () -> new CorsOrigins(Set.of(text)));
    }

    @Test
    void answers_are_neither_kept_nor_taken_for_anything_else() {
        try (RunningServer server = new RunningServer()) {
            HttpResponse<String> answer = server.chat(GOOD);

            assertEquals("no-store", header(answer, "Cache-Control").orElseThrow());
            assertEquals("nosniff", header(answer, "X-Content-Type-Options").orElseThrow());
        }
    }
}
