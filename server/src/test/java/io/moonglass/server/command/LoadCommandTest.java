package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ScriptedModel;
import io.moonglass.server.http.ServerOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many clients at once, and a model whose answers are known.
class LoadCommandTest {

    private static final String SHORT =
            "{\"name\": \"short\", \"weight\": 2, \"prompts\": [{\"tokens\": 5}]}";
    private static final String LONG =
            """
            {"name": "long", "turns": 3, "system": {"text": "Be brief."},
             "prompts": [{"text": "first?"}, {"text": "next?"}], "pictures": [{"size": "20x10", "count": 2}]}
            """;

    @TempDir private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final ScriptedModel model = new ScriptedModel();
    private final MoonglassServer server =
            MoonglassServer.start(
                    model, ServerOptions.DEFAULT.withPort(0).withDrainTimeout(Duration.ZERO));
    private final List<List<Message>> asked = Collections.synchronizedList(new ArrayList<>());

    LoadCommandTest() {
        model.script =
                (request, events, _) -> {
                    int number;
                    synchronized (asked) {
                        asked.add(request.messages());
                        number = asked.size();
                    }
                    events.accept(new GenerationEvent.TextDelta("answer "));
                    events.accept(new GenerationEvent.TextDelta("" + number));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void every_request_is_counted_with_its_tokens_and_times() throws IOException {
        JsonNode figures = load(0, SHORT + "," + LONG, "--requests=40", "--concurrency=3");

        assertEquals(40, asked.size());
        assertEquals(40, figures.path("requests").intValue());
        assertEquals(40, figures.path("answered").intValue());
        assertEquals(0, figures.path("errors").intValue());
        assertEquals(0, figures.path("rejected").intValue());
        assertEquals(0, figures.path("cancelled").intValue());
        assertEquals(40 * 11, figures.path("prompt_tokens").intValue());
        assertEquals(40 * 4, figures.path("image_tokens").intValue());
        assertEquals(40 * 3, figures.path("output_tokens").intValue());
        double seconds = figures.path("duration_seconds").doubleValue();
        assertTrue(seconds > 0);
        assertEquals(120 / seconds, figures.path("output_tokens_per_second").doubleValue(), 1e-6);
        assertEquals(40, figures.path("ttft_seconds").path("count").intValue());
        assertEquals(40, figures.path("inter_token_seconds").path("count").intValue());
        assertEquals(40, figures.path("end_to_end_seconds").path("count").intValue());
        for (String name : List.of("ttft_seconds", "inter_token_seconds", "end_to_end_seconds")) {
            JsonNode times = figures.path(name);
            assertTrue(times.path("p50").doubleValue() > 0, name);
            assertTrue(times.path("p90").doubleValue() >= times.path("p50").doubleValue(), name);
            assertTrue(times.path("p99").doubleValue() >= times.path("p90").doubleValue(), name);
            assertTrue(times.path("max").doubleValue() >= times.path("p99").doubleValue(), name);
        }
        JsonNode scenarios = figures.path("scenarios");
        assertEquals(
                40,
                scenarios.path("short").path("requests").intValue()
                        + scenarios.path("long").path("requests").intValue());
        int numFirstTurns = figures.path("first_turn_ttft_seconds").path("count").intValue();
        int numLaterTurns = figures.path("later_turn_ttft_seconds").path("count").intValue();
        assertEquals(40, numFirstTurns + numLaterTurns);
        assertEquals(asked.stream().filter(messages -> messages.size() > 2).count(), numLaterTurns);
    }

    @Test
    void the_table_shows_each_scenario_and_all() throws IOException {
        load(0, SHORT + "," + LONG, "--requests=12", "--concurrency=2");

        List<String> lines = out.toString().lines().toList();
        assertTrue(
                lines.getFirst().matches(".*mix\\.json: 2 clients, \\d+\\.\\d s"), out::toString);
        assertTrue(
                lines.contains(
                        "scenario  requests  errors  cancelled    429  prompt tok/s   cached  output tok/s"),
                out::toString);
        assertTrue(
                lines.stream().anyMatch(line -> line.matches("all +12 +0 +0 +0 .*")),
                out::toString);
        assertEquals(
                List.of("short", "long", "all"),
                lines.stream()
                        .filter(line -> line.contains("first text"))
                        .map(line -> line.split(" ")[0])
                        .toList());
    }

    @Test
    void later_turns_send_the_whole_history_again() throws IOException {
        load(0, LONG, "--requests=3", "--concurrency=1");

        List<Message> first = asked.get(0);
        List<Message> last = asked.get(2);
        assertEquals(2, first.size());
        assertEquals(Message.text(Role.SYSTEM, "Be brief."), first.get(0));
        assertEquals(3, first.get(1).content().size(), "two pictures and a question");
        assertEquals(new ContentPart.Text("first?"), first.get(1).content().get(2));
        assertEquals(first, last.subList(0, 2));
        assertEquals(
                List.of(
                        Message.text(Role.ASSISTANT, "answer 1"),
                        question("next?"),
                        Message.text(Role.ASSISTANT, "answer 2"),
                        question("next?")),
                last.subList(2, 6));
    }

    @Test
    void a_cancelled_request_closes_its_connection_and_is_no_error() throws Exception {
        CountDownLatch allCancelled = new CountDownLatch(12);
        model.script =
                (request, events, cancelled) -> {
                    while (!cancelled.await(1, TimeUnit.MILLISECONDS)) {
                        events.accept(new GenerationEvent.TextDelta("more "));
                    }
                    allCancelled.countDown();
                };
        String cancelling =
                "{\"name\": \"a\", \"prompts\": [{\"tokens\": 5}], \"max_tokens\": 20, \"cancel\": 1}";

        JsonNode figures = load(0, cancelling, "--requests=12", "--concurrency=12", "--timeout=30");

        assertEquals(12, figures.path("requests").intValue());
        assertEquals(12, figures.path("cancelled").intValue());
        assertEquals(0, figures.path("answered").intValue());
        assertTrue(figures.path("ttft_seconds").isNull());
        assertTrue(allCancelled.await(20, TimeUnit.SECONDS), "the server was told of each");
    }

    @Test
    void a_cancelled_question_leaves_no_trace_and_its_picture_comes_with_the_next()
            throws IOException {
        model.script =
                (request, events, cancelled) -> {
                    asked.add(request.messages());
                    for (int i = 0; i < 20 && cancelled.getCount() > 0; i++) {
                        events.accept(new GenerationEvent.TextDelta("word "));
                        cancelled.await(5, TimeUnit.MILLISECONDS);
                    }
                    events.accept(ScriptedModel.finished(FinishReason.LENGTH));
                };
        String cancelling =
                """
                {"name": "a", "turns": 5, "prompts": [{"tokens": 5}], "pictures": [{"size": "9x9"}],
                 "max_tokens": 10, "cancel": 0.5}
                """;

        JsonNode figures = load(0, cancelling, "--requests=30", "--concurrency=3");

        int numCancelled = figures.path("cancelled").intValue();
        assertTrue(numCancelled > 5 && numCancelled < 25, figures::toString);
        assertEquals(30, numCancelled + figures.path("answered").intValue());
        for (List<Message> messages : asked) {
            assertEquals(
                    1, messages.size() % 2, "questions and answers alternate, a question last");
            for (int i = 0; i < messages.size(); i++) {
                assertEquals(i % 2 == 0 ? Role.USER : Role.ASSISTANT, messages.get(i).role());
                assertEquals(i == 0 ? 2 : 1, messages.get(i).content().size());
            }
        }
    }

    @Test
    void a_server_with_too_much_to_do_is_asked_again() throws IOException {
        try (StandInServer busy = new StandInServer(3)) {
            Path key = Files.writeString(folder.resolve("key"), "secret\n");
            String scenario =
                    """
                    {"name": "a", "prompts": [{"text": "ready?"}], "max_tokens": 7, "ignore_eos": true,
                     "priority": -2, "cache_salt": "salt"}
                    """;

            JsonNode figures =
                    loadFrom(
                            busy.address(),
                            0,
                            scenario,
                            "--requests=2",
                            "--concurrency=1",
                            "--model=standing-in",
                            "--api-key-file=" + key);

            assertEquals(2, figures.path("requests").intValue());
            assertEquals(2, figures.path("answered").intValue());
            assertEquals(0, figures.path("errors").intValue());
            assertEquals(3, figures.path("rejected").intValue());
            assertEquals(8, figures.path("cached_tokens").intValue());
            assertEquals(0.4, figures.path("cached_share").doubleValue());
            assertEquals(5, busy.bodies.size());
            JsonNode body = busy.bodies.getFirst();
            assertEquals(body, busy.bodies.get(3), "the same request until it is taken");
            assertEquals("standing-in", body.path("model").textValue());
            assertEquals("ready?", body.path("messages").path(0).path("content").textValue());
            assertEquals(7, body.path("max_tokens").intValue());
            assertTrue(body.path("ignore_eos").booleanValue());
            assertEquals(-2, body.path("priority").intValue());
            assertEquals("salt", body.path("cache_salt").textValue());
            assertTrue(body.path("stream").booleanValue());
            assertTrue(body.path("stream_options").path("include_usage").booleanValue());
            assertEquals(Collections.nCopies(5, "Bearer secret"), busy.keys);
        }
    }

    @Test
    void a_request_that_is_turned_away_for_too_long_has_failed() throws IOException {
        try (StandInServer busy = new StandInServer(Integer.MAX_VALUE)) {
            JsonNode figures =
                    loadFrom(
                            busy.address(),
                            1,
                            SHORT,
                            "--requests=1",
                            "--concurrency=1",
                            "--timeout=0.3");

            assertEquals(1, figures.path("errors").intValue());
            assertTrue(figures.path("rejected").intValue() > 1);
            assertEquals(
                    1, figures.path("error_kinds").path("429 queue_full").path("count").intValue());
        }
    }

    @Test
    void a_failed_request_is_told_by_its_kind_and_does_not_end_the_others() throws IOException {
        AtomicInteger numRequests = new AtomicInteger();
        model.script =
                (_, events, _) ->
                        events.accept(
                                numRequests.incrementAndGet() == 2
                                        ? new GenerationEvent.Failed(new IllegalStateException())
                                        : ScriptedModel.finished(FinishReason.STOP));

        JsonNode figures = load(1, SHORT, "--requests=4", "--concurrency=2");

        assertEquals(4, figures.path("requests").intValue());
        assertEquals(1, figures.path("errors").intValue());
        assertEquals(3, figures.path("answered").intValue());
        JsonNode kind = figures.path("error_kinds").path("200 internal_error");
        assertEquals(1, kind.path("count").intValue());
        assertTrue(kind.path("first").textValue().startsWith("internal error"));
        assertTrue(
                out.toString().contains("\n200 internal_error: 1 times, first \"internal error"),
                out::toString);
    }

    @Test
    void an_answer_that_does_not_come_in_time_is_given_up() throws Exception {
        CountDownLatch gone = new CountDownLatch(1);
        model.script =
                (_, _, cancelled) -> {
                    cancelled.await();
                    gone.countDown();
                };

        JsonNode figures = load(1, SHORT, "--requests=1", "--concurrency=1", "--timeout=0.2");

        assertEquals(1, figures.path("error_kinds").path("timeout").path("count").intValue());
        assertTrue(gone.await(20, TimeUnit.SECONDS), "the server was told");
    }

    @Test
    void when_the_time_is_over_nobody_goes_on_thinking() throws IOException {
        String slow =
                """
                {"name": "a", "turns": 2, "prompts": [{"tokens": 5}], "think": {"seconds": 100000}}
                """;

        JsonNode figures = load(0, slow, "--duration=0.5", "--concurrency=4");

        assertEquals(4, figures.path("requests").intValue());
        assertEquals(0, figures.path("unfinished").intValue());
    }

    @Test
    void an_interrupted_run_shows_what_it_has_measured() throws Exception {
        CountDownLatch held = new CountDownLatch(2);
        AtomicInteger numRequests = new AtomicInteger();
        model.script =
                (request, events, cancelled) -> {
                    if (numRequests.incrementAndGet() > 6) {
                        held.countDown();
                        cancelled.await();
                    } else {
                        events.accept(ScriptedModel.finished(FinishReason.STOP));
                    }
                };
        List<JsonNode> figures = Collections.synchronizedList(new ArrayList<>());
        Thread run =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                figures.add(load(0, SHORT, "--requests=50", "--concurrency=2"));
                            } catch (IOException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        assertTrue(held.await(20, TimeUnit.SECONDS));

        run.interrupt();
        run.join();

        assertEquals(6, figures.getFirst().path("requests").intValue());
        assertEquals(2, figures.getFirst().path("unfinished").intValue());
        assertEquals(0, figures.getFirst().path("errors").intValue());
        assertTrue(
                out.toString().contains("\n2 requests were cut off by the end\n"), out::toString);
    }

    @Test
    void the_same_questions_are_asked_however_many_clients_ask() throws IOException {
        String scenario =
                """
                {"name": "a", "prompts": [{"tokens": 20}], "pictures": [{"size": "8x8", "format": "png"}]}
                """;
        load(0, SHORT + "," + scenario, "--requests=20", "--concurrency=1", "--seed=5");
        List<String> alone = sorted();
        asked.clear();

        load(0, SHORT + "," + scenario, "--requests=20", "--concurrency=7", "--seed=5");

        assertEquals(alone, sorted());
    }

    @Test
    void a_server_that_is_not_there_is_named_before_anything_is_asked() throws IOException {
        assertEquals(1, run("http://127.0.0.1:1", SHORT, "--concurrency=3"));

        assertEquals("", out.toString());
        assertEquals(
                "moonglass: no answer from http://127.0.0.1:1: cannot connect; is it running there?\n",
                err.toString());
    }

    @Test
    void a_model_that_is_not_served_is_named_with_those_that_are() throws IOException {
        assertEquals(2, run(address(), SHORT, "--concurrency=1", "--model=other"));

        assertEquals(
                "moonglass: --model other is not served at %s; want tiny/model\n"
                        .formatted(address()),
                err.toString());
        assertEquals(List.of(), asked);
    }

    private List<String> sorted() {
        return asked.stream().map(List::toString).sorted().toList();
    }

    private static Message question(String text) {
        return Message.text(Role.USER, text);
    }

    private String address() {
        return "http://127.0.0.1:" + server.port();
    }

    private JsonNode load(int exitCode, String scenarios, String... options) throws IOException {
        return loadFrom(address(), exitCode, scenarios, options);
    }

    /// The figures of a run that ends with that exit code.
    private JsonNode loadFrom(String url, int exitCode, String scenarios, String... options)
            throws IOException {
        Path json = folder.resolve("figures.json");
        List<String> words = new ArrayList<>(List.of(options));
        words.add("--json=" + json);
        assertEquals(exitCode, run(url, scenarios, words.toArray(String[]::new)), err.toString());
        return new ObjectMapper().readTree(json.toFile());
    }

    private int run(String url, String scenarios, String... options) throws IOException {
        Path mix =
                Files.writeString(
                        folder.resolve("mix.json"), "{\"scenarios\": [" + scenarios + "]}");
        List<String> words = new ArrayList<>(List.of("load", "--url=" + url, "--mix=" + mix));
        words.addAll(List.of(options));
        return Main.run(
                (_, _) -> model,
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                words.toArray(String[]::new));
    }
}
