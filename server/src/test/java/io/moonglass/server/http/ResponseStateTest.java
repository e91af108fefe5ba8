package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.errorCode;
import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.server.responses.ResponseStoreOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Responses that are kept, and requests that go on from them.
class ResponseStateTest {

    @TempDir private Path folder;

    private RunningServer server;

    @BeforeEach
    void start() throws Exception {
        server = new RunningServer(options(100_000));
    }

    private ServerOptions options(long quotaBytes) throws Exception {
        return ServerOptions.DEFAULT
                .withDrainTimeout(Duration.ZERO)
                .withApiKeys(CallerTest.keys("alice", "bob"))
                .withResponses(new ResponseStoreOptions(folder, quotaBytes, Duration.ofDays(1)));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void a_response_can_be_read_again_as_it_was_told() {
        JsonNode response = answer("{\"input\": \"hi\"}");

        assertTrue(response.get("store").booleanValue());
        assertEquals(response, json(get(path(response)).body()));
    }

    @Test
    void so_can_one_that_was_streamed() {
        String stream = ask("{\"input\": \"hi\", \"stream\": true}").body();

        JsonNode response = StreamedEvent.last(stream).get("response");
        assertEquals(response, json(get(path(response)).body()));
    }

    @Test
    void one_that_was_not_to_be_stored_is_not_there() {
        JsonNode response = answer("{\"input\": \"hi\", \"store\": false}");

        assertFalse(response.get("store").booleanValue());
        assertNotFound(get(path(response)), "response_not_found");
    }

    @Test
    void one_that_is_too_large_to_keep_says_that_it_is_not_kept() throws Exception {
        server.close();
        server = new RunningServer(options(3_000));

        JsonNode response = answer("{\"input\": \"%s\"}".formatted("long".repeat(1_000)));

        assertEquals("completed", response.get("status").textValue());
        assertFalse(response.get("store").booleanValue());
    }

    @Test
    void a_request_goes_on_from_what_was_said_before() {
        server.model.script = ResponsesTest::think;
        JsonNode first =
                answer(
                        """
                        {"instructions": "of the first alone", "input": [{"role": "user", "content": [
                           {"type": "input_text", "text": "what is this?"},
                           {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]}]}
                        """);
        JsonNode second = answer(goesOn(first, "and this?"));

        answer(goesOn(second, "thanks"));

        List<Message> turns = server.model.lastRequest().messages();
        assertEquals(
                List.of(Role.USER, Role.ASSISTANT, Role.USER, Role.ASSISTANT, Role.USER),
                turns.stream().map(Message::role).toList());
        assertEquals(
                "data:image/png;base64,AAAA",
                ((MediaSource.Address)
                                ((ContentPart.Picture) turns.get(0).content().get(1)).source())
                        .url());
        assertEquals(Message.text(Role.ASSISTANT, "yes"), turns.get(1));
        assertEquals(Message.text(Role.USER, "thanks"), turns.get(4));
    }

    @Test
    void the_result_of_a_call_can_come_with_the_next_request() {
        server.model.script = ResponsesTest::callTools;
        JsonNode first = answer("{\"input\": \"hi\"}");

        answer(
                """
                {"previous_response_id": "%s", "input": [
                  {"type": "function_call_output", "call_id": "call_a", "output": "rain"}]}
                """
                        .formatted(first.get("id").textValue()));

        List<Message> turns = server.model.lastRequest().messages();
        assertEquals(2, turns.get(1).toolCalls().size());
        assertEquals(
                Message.toolResult("weather", List.of(new ContentPart.Text("rain"))),
                turns.getLast());
    }

    @Test
    void an_item_can_be_referred_to_by_its_id() {
        JsonNode first = answer("{\"input\": \"hi\"}");
        String asked = json(get(path(first) + "/input_items").body()).at("/data/0/id").textValue();
        String answered = first.at("/output/0/id").textValue();

        answer(
                """
                {"input": [{"type": "item_reference", "id": "%s"}, {"id": "%s"},
                           {"role": "user", "content": "go on"}]}
                """
                        .formatted(asked, answered));

        assertEquals(
                List.of(
                        Message.text(Role.USER, "hi"),
                        Message.text(Role.ASSISTANT, "Good day ☾"),
                        Message.text(Role.USER, "go on")),
                server.model.lastRequest().messages());
    }

    @Test
    void a_branch_goes_on_from_the_same_response() {
        JsonNode first = answer("{\"input\": \"hi\"}");
        answer(goesOn(first, "one way"));

        answer(goesOn(first, "another"));

        assertEquals(3, server.model.lastRequest().messages().size());
    }

    @Test
    void another_keys_response_is_not_there_in_any_way() {
        JsonNode response = answer("{\"input\": \"hi\"}");
        String item = response.at("/output/0/id").textValue();

        assertNotFound(as("bob", path(response), "GET", ""), "response_not_found");
        assertNotFound(as("bob", path(response), "DELETE", ""), "response_not_found");
        assertNotFound(as("bob", path(response) + "/input_items", "GET", ""), "response_not_found");
        assertNotFound(as("bob", path(response) + "/cancel", "POST", ""), "response_not_found");
        assertNotFound(
                as("bob", "/v1/responses", "POST", goesOn(response, "x")),
                "previous_response_not_found");
        assertNotFound(
                as(
                        "bob",
                        "/v1/responses",
                        "POST",
                        "{\"input\": [{\"type\": \"item_reference\", \"id\": \"%s\"}]}"
                                .formatted(item)),
                "item_not_found");
        assertEquals(200, get(path(response)).statusCode());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"resp_x", "../../etc/passwd", "", "resp_00000000000000000000000000000000"})
    void a_response_that_never_was_cannot_be_gone_on_from(String id) {
        HttpResponse<String> response =
                ask("{\"input\": \"x\", \"previous_response_id\": \"%s\"}".formatted(id));

        assertNotFound(response, "previous_response_not_found");
        assertEquals("previous_response_id", json(response.body()).at("/error/param").textValue());
    }

    @Test
    void a_deleted_response_is_gone() {
        JsonNode first = answer("{\"input\": \"hi\"}");
        JsonNode second = answer(goesOn(first, "more"));

        assertEquals(
                json(
                        "{\"id\": \"%s\", \"object\": \"response\", \"deleted\": true}"
                                .formatted(first.get("id").textValue())),
                json(as("alice", path(first), "DELETE", "").body()));

        assertNotFound(get(path(first)), "response_not_found");
        assertNotFound(as("alice", path(first), "DELETE", ""), "response_not_found");
        assertEquals(200, get(path(second)).statusCode());
        // what it went on from is not there any more
        assertNotFound(ask(goesOn(second, "even more")), "previous_response_not_found");
    }

    @Test
    void a_conversation_in_use_outlasts_others() throws Exception {
        server.close();
        server = new RunningServer(options(10_000));
        JsonNode first = answer("{\"input\": \"hi\"}");
        for (int i = 0; i < 12; i++) {
            answer("{\"input\": \"something else\"}");
            assertEquals(200, ask(goesOn(first, "again")).statusCode());
        }
    }

    @Test
    void of_a_conversation_the_end_makes_room_before_the_beginning() throws Exception {
        server.close();
        server = new RunningServer(options(10_000));
        JsonNode first = answer("{\"input\": \"hi\"}");
        JsonNode second = answer(goesOn(first, "more"));
        JsonNode third = answer(goesOn(second, "even more"));

        while (isOnDisk(third)) {
            answer("{\"input\": \"something else\"}");
        }

        assertTrue(isOnDisk(second));
        assertTrue(isOnDisk(first));
    }

    private boolean isOnDisk(JsonNode response) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.anyMatch(file ->
                    file.getFileName().toString().startsWith(response.get("id").textValue()));
        }
    }

    @Test
    void the_history_of_a_request_is_bounded_like_a_body() throws Exception {
        server.close();
        server = new RunningServer(options(100_000).withMaxBodyBytes(4_000));
        JsonNode first = answer("{\"input\": \"%s\"}".formatted("x".repeat(3_500)));

        HttpResponse<String> response = ask(goesOn(first, "more"));

        assertEquals(413, response.statusCode());
        assertEquals("previous_response_id", json(response.body()).at("/error/param").textValue());
        assertEquals(200, ask("{\"input\": \"hi\"}").statusCode());
    }

    @Test
    void input_items_are_listed_page_by_page() {
        JsonNode response =
                answer(
                        """
                        {"input": [{"role": "system", "content": "a"}, {"role": "assistant", "content": "b"},
                                   {"role": "user", "content": "c"}]}
                        """);
        String path = path(response) + "/input_items";

        JsonNode all = json(get(path).body());
        JsonNode page = json(get(path + "?order=asc&limit=2").body());
        JsonNode rest =
                json(get(path + "?order=asc&after=" + page.get("last_id").textValue()).body());

        assertEquals("list", all.get("object").textValue());
        assertEquals(List.of("c", "b", "a"), all.findValuesAsText("text"));
        assertFalse(all.get("has_more").booleanValue());
        assertEquals(List.of("a", "b"), page.findValuesAsText("text"));
        assertTrue(page.get("has_more").booleanValue());
        assertEquals(page.at("/data/0/id"), page.get("first_id"));
        assertEquals(List.of("c"), rest.findValuesAsText("text"));
        assertEquals("input_text", all.at("/data/0/content/0/type").textValue());
        assertEquals("output_text", all.at("/data/1/content/0/type").textValue());
        assertEquals("message", all.at("/data/0/type").textValue());
    }

    @ParameterizedTest
    @ValueSource(strings = {"limit=0", "limit=101", "limit=x", "order=up", "after=nothing"})
    void a_page_that_cannot_be_is_refused(String query) {
        JsonNode response = answer("{\"input\": \"hi\"}");

        HttpResponse<String> page = get(path(response) + "/input_items?" + query);

        assertEquals(400, page.statusCode());
        assertEquals(
                query.substring(0, query.indexOf('=')),
                json(page.body()).at("/error/param").textValue());
    }

    @Test
    void a_running_response_is_in_progress_until_it_is_cancelled() throws Exception {
        Semaphore started = new Semaphore(0);
        server.model.script =
                (_, events, cancelled) -> {
                    events.accept(new GenerationEvent.TextDelta("so far"));
                    started.release();
                    cancelled.await();
                    events.accept(ScriptedModel.finished(FinishReason.CANCELLED));
                };
        InputStream stream =
                server.http
                        .send(
                                request("alice", "/v1/responses")
                                        .POST(
                                                BodyPublishers.ofString(
                                                        "{\"input\": \"hi\", \"stream\": true}"))
                                        .build(),
                                HttpResponse.BodyHandlers.ofInputStream())
                        .body();
        CompletableFuture<String> rest = new CompletableFuture<>();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
        lines.readLine();
        JsonNode created = json(lines.readLine().substring("data: ".length())).get("response");
        Thread.startVirtualThread(
                () -> rest.complete(lines.lines().reduce("", (all, line) -> all + line + "\n")));
        assertTrue(started.tryAcquire(10, TimeUnit.SECONDS));

        assertEquals("in_progress", json(get(path(created)).body()).get("status").textValue());
        assertNotFound(as("bob", path(created), "GET", ""), "response_not_found");
        assertNotFound(as("bob", path(created) + "/cancel", "POST", ""), "response_not_found");

        HttpResponse<String> cancelled = as("alice", path(created) + "/cancel", "POST", "");

        assertEquals("cancelled", json(cancelled.body()).get("status").textValue());
        assertTrue(server.model.wasCancelledWithin(10));
        String end = rest.get(10, TimeUnit.SECONDS).strip();
        assertTrue(end.contains("\"request_cancelled\""), end);
        assertEquals(
                "cancelled",
                json(end.substring(end.lastIndexOf("data: ") + 6))
                        .at("/response/status")
                        .textValue());
        assertEquals("cancelled", json(get(path(created)).body()).get("status").textValue());
    }

    @Test
    void to_cancel_one_that_has_ended_changes_nothing() {
        JsonNode response = answer("{\"input\": \"hi\"}");

        assertEquals(response, json(as("alice", path(response) + "/cancel", "POST", "").body()));
    }

    @Test
    void a_server_that_keeps_none_says_so_and_answers_all_the_same() throws Exception {
        try (RunningServer forgetful = new RunningServer()) {
            JsonNode response = json(forgetful.post("/v1/responses", "{\"input\": \"hi\"}").body());

            assertFalse(response.get("store").booleanValue());
            assertNotFound(forgetful.get(path(response)), "response_not_found");
            assertNotFound(
                    forgetful.post("/v1/responses", goesOn(response, "x")),
                    "previous_response_not_found");
        }
    }

    private static String goesOn(JsonNode response, String input) {
        return "{\"previous_response_id\": \"%s\", \"input\": \"%s\"}"
                .formatted(response.get("id").textValue(), input);
    }

    private static String path(JsonNode response) {
        return "/v1/responses/" + response.get("id").textValue();
    }

    private static void assertNotFound(HttpResponse<String> response, String code) {
        assertEquals(404, response.statusCode(), response.body());
        assertEquals(code, errorCode(response));
    }

    private JsonNode answer(String body) {
        return json(ask(body).body());
    }

    private HttpResponse<String> ask(String body) {
        return as("alice", "/v1/responses", "POST", body);
    }

    private HttpResponse<String> get(String path) {
        return as("alice", path, "GET", "");
    }

    private HttpResponse<String> as(String name, String path, String method, String body) {
        return server.send(request(name, path).method(method, BodyPublishers.ofString(body)));
    }

    private HttpRequest.Builder request(String name, String path) {
        return server.request(path).header("X-Api-Key", "key of " + name);
    }
}
