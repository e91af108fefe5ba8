package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the client makes of answers that our own server would not give.
class MoonglassClientTest {

    private HttpServer server;
    private MoonglassClient client;
    private int status = 200;
    private String answer;
    private String authorization;
    private String userAgent;
    private String retryAfter;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/v1/chat/completions",
                exchange -> {
                    exchange.getRequestBody().readAllBytes();
                    authorization = exchange.getRequestHeaders().getFirst("Authorization");
                    userAgent = exchange.getRequestHeaders().getFirst("User-Agent");
                    byte[] body = answer.getBytes(StandardCharsets.UTF_8);
                    if (retryAfter != null) {
                        exchange.getResponseHeaders().set("Retry-After", retryAfter);
                    }
                    exchange.sendResponseHeaders(status, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        server.start();
        client = MoonglassClient.builder(address()).retries(RetryPolicy.NONE).build();
    }

    private URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void unknown_fields_of_an_answer_are_ignored() {
        answer =
                "{\"id\":\"x\",\"service_tier\":\"default\",\"choices\":[{\"index\":0,\"logprobs\":null,"
                        + "\"message\":{\"role\":\"assistant\",\"content\":\"yes\",\"refusal\":null}}]}";

        assertEquals("yes", client.chat(question()).text());
        assertNull(authorization);
    }

    @Test
    void a_key_is_sent_with_the_request() {
        answer = "{\"choices\":[]}";

        client.withApiKey("k").chat(question());

        assertEquals("Bearer k", authorization);
    }

    @Test
    void a_key_that_no_header_can_hold_is_refused_and_not_shown() {
        for (String key : List.of("secret\n", "sec ret", "secreté", "")) {
            IllegalArgumentException fault =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> client.withApiKey(key).chat(question()));
            assertFalse(fault.getMessage().contains("sec"), fault.getMessage());
        }
    }

    @Test
    void neither_an_address_with_a_password_nor_a_client_shows_a_secret() {
        // of the second name, which has an underscore, URI takes nothing apart
        for (String host : List.of("127.0.0.1", "my_host")) {
            URI address = URI.create("http://user:secret@%s:8080".formatted(host));

            IllegalArgumentException fault =
                    assertThrows(
                            IllegalArgumentException.class, () -> MoonglassClient.builder(address));

            assertFalse(fault.getMessage().contains("secret"), fault.getMessage());
        }
        assertEquals(
                "MoonglassClient[http://127.0.0.1:8080]",
                MoonglassClient.builder(URI.create("http://127.0.0.1:8080/v1"))
                        .apiKey("secret")
                        .header("X-Key", "secret")
                        .build()
                        .toString());
    }

    @Test
    void requests_say_which_client_sends_them_unless_another_name_is_set() {
        answer = "{\"choices\":[]}";
        client.chat(question());
        assertTrue(userAgent.startsWith("moonglass-java"), userAgent);
        assertTrue(userAgent.endsWith("(Java " + Runtime.version().feature() + ")"), userAgent);

        MoonglassClient.builder(address()).header("user-agent", "mine").build().chat(question());

        assertEquals("mine", userAgent);
    }

    @Test
    void requests_go_through_the_proxy_that_is_named() {
        answer = "{\"choices\":[]}";
        ProxySelector proxy = ProxySelector.of(server.getAddress());

        MoonglassClient.builder(URI.create("http://a-host-that-only-the-proxy-knows.invalid"))
                .proxy(proxy)
                .build()
                .chat(question());

        assertNotNull(userAgent);
    }

    @Test
    void what_only_a_client_of_ones_own_can_have_is_refused_beside_it() {
        for (UnaryOperator<ClientBuilder> setting :
                List.<UnaryOperator<ClientBuilder>>of(
                        builder -> builder.connectTimeout(Duration.ofSeconds(1)),
                        builder -> builder.proxy(ProxySelector.getDefault()))) {
            ClientBuilder builder =
                    setting.apply(
                            MoonglassClient.builder(address())
                                    .httpClient(HttpClient.newHttpClient()));

            assertThrows(IllegalArgumentException.class, builder::build);
        }
    }

    @Test
    void what_is_missing_is_named_where_it_is_missing() {
        assertThrows(NullPointerException.class, () -> ContentPart.image((Path) null));
        assertThrows(NullPointerException.class, () -> ContentPart.video((byte[]) null));
        assertThrows(NullPointerException.class, () -> ContentPart.text(null));
        assertThrows(NullPointerException.class, () -> ChatMessage.user((String) null));
        assertThrows(
                NullPointerException.class,
                () -> client.async().stream(question()).subscribe(null));
    }

    @Test
    void a_picture_in_an_address_is_not_shown_whole() {
        String address = "data:image/png;base64," + "A".repeat(1_000_000);

        assertTrue(ContentPart.image(URI.create(address)).toString().length() < 400);
    }

    @Test
    void a_stream_without_its_end_is_a_fault() {
        answer = ": hello\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
        List<String> texts = new ArrayList<>();

        MoonglassException fault =
                assertThrows(
                        MoonglassException.class,
                        () -> client.stream(question(), chunk -> texts.add(chunk.text())));

        assertEquals(List.of("a"), texts);
        assertTrue(fault.getMessage().contains("[DONE]"));
    }

    @Test
    void an_error_of_another_shape_keeps_its_status() {
        status = 502;
        answer = "<html>Bad Gateway</html>";
        MoonglassException page =
                assertThrows(MoonglassException.class, () -> client.chat(question()));
        answer = "{\"error\":\"model not loaded\"}";
        MoonglassException text =
                assertThrows(MoonglassException.class, () -> client.chat(question()));
        answer = "{\"error\":{\"message\":\"no\",\"code\":404}}";
        MoonglassException number =
                assertThrows(MoonglassException.class, () -> client.chat(question()));

        assertEquals(502, page.status());
        assertTrue(page.getMessage().contains("Bad Gateway"));
        assertEquals("model not loaded", text.getMessage());
        assertEquals("404", number.code());
    }

    @Test
    void a_server_that_is_too_busy_says_when_to_ask_again() {
        status = 429;
        answer = "{\"error\":{\"message\":\"busy\",\"code\":\"queue_full\"}}";
        retryAfter = "7";
        MoonglassException busy =
                assertThrows(MoonglassException.class, () -> client.chat(question()));
        retryAfter = "Wed, 21 Oct 2015 07:28:00 GMT";
        MoonglassException dated =
                assertThrows(MoonglassException.class, () -> client.chat(question()));

        assertEquals(429, busy.status());
        assertEquals(Optional.of(Duration.ofSeconds(7)), busy.retryAfter());
        assertEquals(Optional.of(Duration.ZERO), dated.retryAfter());
    }

    @Test
    void an_answer_that_is_no_json_is_a_fault() {
        answer = "surprise";

        assertThrows(MoonglassException.class, () -> client.chat(question()));
    }

    @Test
    void a_server_that_is_not_there_is_a_fault_without_a_status() {
        server.stop(0);

        MoonglassException fault =
                assertThrows(MoonglassException.class, () -> client.chat(question()));

        assertEquals(0, fault.status());
    }

    @Test
    void an_address_without_a_host_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> MoonglassClient.of(URI.create("foo")));
    }

    @Test
    void headers_that_the_client_sets_or_http_forbids_are_refused() {
        ClientBuilder builder = MoonglassClient.builder(URI.create("http://127.0.0.1"));

        for (String name : List.of("Authorization", "x-request-id", "Host", "a b")) {
            assertThrows(IllegalArgumentException.class, () -> builder.header(name, "x"), name);
        }
    }

    private static ChatCompletionRequest question() {
        return ChatCompletionRequest.builder().message(ChatMessage.user("hi")).build();
    }
}
