package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.GenerationEvent;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ResponseStreamsTest {

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = new RunningServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void freshScript() {
        server.model.script = ScriptedModel::hello;
    }

    @Test
    void a_text_comes_event_by_event() {
        List<StreamedEvent> events = stream("");

        assertEquals(
                List.of(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta",
                        "response.output_text.delta",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.completed"),
                StreamedEvent.names(events));
        assertEquals("in_progress", data(events, 0).get("response").get("status").textValue());
        String id = data(events, 2).get("item").get("id").textValue();
        assertEquals(
                json(
                        """
                        {"type": "response.output_text.delta", "sequence_number": 4, "item_id": "%s",
                         "output_index": 0, "content_index": 0, "delta": "Good ", "logprobs": []}
                        """
                                .formatted(id)),
                data(events, 4));
        assertEquals("Good day ☾", data(events, 6).get("text").textValue());
        assertEquals("Good day ☾", data(events, 7).get("part").get("text").textValue());
        assertEquals("completed", data(events, 8).get("item").get("status").textValue());
    }

    @Test
    void events_are_numbered_and_their_names_are_their_types() {
        List<StreamedEvent> events = stream("");

        assertEquals(
                IntStream.range(0, events.size()).boxed().toList(),
                events.stream()
                        .map(event -> event.data().get("sequence_number").intValue())
                        .toList());
        assertEquals(
                StreamedEvent.names(events),
                events.stream().map(event -> event.data().get("type").textValue()).toList());
    }

    @Test
    void nothing_comes_after_the_last_event() {
        String body = server.post("/v1/responses", "{\"input\": \"hi\", \"stream\": true}").body();

        assertFalse(body.contains("[DONE]"));
    }

    @Test
    void the_last_event_has_what_a_whole_answer_would_have() {
        for (ScriptedModel.Script script :
                List.<ScriptedModel.Script>of(
                        ScriptedModel::hello, ResponsesTest::think, ResponsesTest::callTools)) {
            server.model.script = script;

            JsonNode streamed = last(stream("")).get("response");
            JsonNode whole = json(server.post("/v1/responses", "{\"input\": \"hi\"}").body());

            assertEquals(withoutIds(whole), withoutIds(streamed));
        }
    }

    @Test
    void the_items_that_are_done_are_the_outputs_in_order() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.ReasoningDelta("hm"));
                    events.accept(new GenerationEvent.TextDelta("wait"));
                    events.accept(new GenerationEvent.ToolCallBegun(0, "call_a", "time"));
                    events.accept(new GenerationEvent.ToolArgumentsDelta(0, "{}"));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };

        List<StreamedEvent> events = stream("");

        List<JsonNode> done =
                events.stream()
                        .filter(event -> event.name().equals("response.output_item.done"))
                        .map(event -> event.data().get("item"))
                        .toList();
        assertEquals(3, done.size());
        assertEquals(done, last(events).get("response").get("output").valueStream().toList());
    }

    @Test
    void reasoning_has_events_of_its_own() {
        server.model.script = ResponsesTest::think;

        List<StreamedEvent> events = stream("");

        assertEquals(
                List.of(
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.reasoning_text.delta",
                        "response.reasoning_text.delta",
                        "response.reasoning_text.done",
                        "response.content_part.done",
                        "response.output_item.done"),
                StreamedEvent.names(events).subList(2, 9));
        assertEquals(
                json("{\"type\": \"reasoning_text\", \"text\": \"\"}"),
                data(events, 3).get("part"));
        assertEquals("hm, well", data(events, 6).get("text").textValue());
    }

    @Test
    void reasoning_as_its_own_summary_has_the_events_of_a_summary() {
        server.model.script = ResponsesTest::think;

        List<StreamedEvent> events = stream(", \"reasoning\": {\"summary\": \"detailed\"}");

        assertEquals(
                List.of(
                        "response.reasoning_summary_part.added",
                        "response.reasoning_summary_text.delta",
                        "response.reasoning_summary_text.delta",
                        "response.reasoning_summary_text.done",
                        "response.reasoning_summary_part.done"),
                StreamedEvent.names(events).subList(3, 8));
        assertEquals(0, data(events, 4).get("summary_index").intValue());
        assertFalse(data(events, 4).has("content_index"));
    }

    @Test
    void arguments_of_calls_come_in_pieces() {
        server.model.script = ResponsesTest::callTools;

        List<StreamedEvent> events = stream("");

        assertEquals(
                List.of(
                        "response.output_item.added",
                        "response.function_call_arguments.delta",
                        "response.function_call_arguments.delta",
                        "response.function_call_arguments.done",
                        "response.output_item.done",
                        "response.output_item.added"),
                StreamedEvent.names(events).subList(2, 8));
        assertEquals("", data(events, 2).get("item").get("arguments").textValue());
        assertEquals("{\"place\":\"x\"}", data(events, 5).get("arguments").textValue());
        assertEquals(1, data(events, 7).get("output_index").intValue());
    }

    @Test
    void an_answer_that_a_limit_cut_ends_as_incomplete() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.TextDelta("Go"));
                    events.accept(ScriptedModel.finished(FinishReason.LENGTH));
                };

        StreamedEvent last = stream("").getLast();

        assertEquals("response.incomplete", last.name());
        assertEquals("incomplete", last.data().get("response").get("status").textValue());
    }

    @Test
    void a_fault_in_mid_stream_is_an_error_and_a_failed_response() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.TextDelta("Go"));
                    events.accept(
                            new GenerationEvent.Failed(new IllegalStateException("secret cause")));
                };

        String body = server.post("/v1/responses", "{\"input\": \"hi\", \"stream\": true}").body();
        List<StreamedEvent> events = StreamedEvent.of(body);

        StreamedEvent error = events.get(events.size() - 2);
        assertEquals("error", error.name());
        assertEquals("internal_error", error.data().get("code").textValue());
        assertTrue(error.data().get("param").isNull());
        assertEquals("response.failed", events.getLast().name());
        JsonNode response = events.getLast().data().get("response");
        assertEquals("failed", response.get("status").textValue());
        assertEquals("server_error", response.get("error").get("code").textValue());
        assertFalse(body.contains("secret"));
    }

    private static List<StreamedEvent> stream(String fields) {
        return StreamedEvent.of(
                server.post(
                                "/v1/responses",
                                "{\"input\": \"hi\", \"stream\": true%s}".formatted(fields))
                        .body());
    }

    private static JsonNode data(List<StreamedEvent> events, int index) {
        return events.get(index).data();
    }

    private static JsonNode last(List<StreamedEvent> events) {
        return events.getLast().data();
    }

    private static JsonNode withoutIds(JsonNode response) {
        ObjectNode copy = response.deepCopy();
        copy.remove(List.of("id", "created_at", "completed_at"));
        copy.get("output").forEach(item -> ((ObjectNode) item).remove("id"));
        return copy;
    }
}
