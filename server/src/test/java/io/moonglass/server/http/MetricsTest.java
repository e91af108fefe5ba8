package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.GOOD_STREAM;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.DurationHistogram;
import io.moonglass.engine.EngineMeasurements;
import io.moonglass.engine.EngineStatistics;
import io.moonglass.engine.FinishReason;
import io.moonglass.router.ExpertLoad;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.ModelStatistics;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.admission.QueueStatistics;
import io.moonglass.runtime.fetch.FetchStatistics;
import io.moonglass.runtime.media.MediaStatistics;
import io.moonglass.vision.worker.WorkerStatistics;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// What `GET /metrics` tells of requests and of the model.
class MetricsTest {

    private static final ServerOptions OPTIONS =
            ServerOptions.DEFAULT.withDrainTimeout(Duration.ZERO);

    @Test
    void open_connections_are_counted() {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            String metrics = server.get("/metrics").body();

            assertTrue(metrics.contains("\nmoonglass_connections 1.0\n"), metrics);
        }
    }

    @Test
    void the_models_statistics_are_told_in_prometheus_text() {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.statistics =
                    new ModelStatistics(
                            new EngineStatistics(
                                    1,
                                    2,
                                    3,
                                    4,
                                    5,
                                    6,
                                    7,
                                    8,
                                    9,
                                    10,
                                    11,
                                    12,
                                    13,
                                    14,
                                    15,
                                    16,
                                    17,
                                    18.5,
                                    Duration.ofMillis(1_500),
                                    new EngineMeasurements(
                                            61,
                                            62,
                                            63,
                                            durations(0.004, 0.004),
                                            durations(0.02),
                                            List.of(new ExpertLoad(1, new long[] {64, 65}, 1.25)))),
                            new MediaStatistics(
                                    35,
                                    36.5,
                                    37.5,
                                    21,
                                    22,
                                    38.5,
                                    23,
                                    24,
                                    25,
                                    26,
                                    27,
                                    28.5,
                                    29,
                                    new FetchStatistics(41, 42, 43.5, 44, 45, 46),
                                    new WorkerStatistics(51, 52, 53, 54, 55, 56, 57, 58, 59.5)),
                            new QueueStatistics(31, 32, 33, 34));

            HttpResponse<String> response = server.get("/metrics");

            assertEquals(
                    "text/plain; version=0.0.4; charset=utf-8",
                    response.headers().firstValue("Content-Type").orElseThrow());
            List<String> lines = response.body().lines().toList();
            for (String line :
                    """
                    moonglass_sequences_running{model="tiny/model"} 1.0
                    moonglass_sequences_waiting{model="tiny/model"} 2.0
                    moonglass_uncomputed_prompt_tokens{model="tiny/model"} 3.0
                    moonglass_steps_total{model="tiny/model"} 4.0
                    moonglass_prompt_tokens_total{model="tiny/model"} 5.0
                    moonglass_prefix_cache_queried_tokens_total{model="tiny/model"} 5.0
                    moonglass_prefix_cache_hit_tokens_total{model="tiny/model"} 6.0
                    moonglass_generated_tokens_total{model="tiny/model"} 7.0
                    moonglass_preemptions_total{model="tiny/model"} 8.0
                    moonglass_cancellations_total{model="tiny/model",stage="queue"} 9.0
                    moonglass_cancellations_total{model="tiny/model",stage="prefill"} 10.0
                    moonglass_cancellations_total{model="tiny/model",stage="decode"} 11.0
                    moonglass_drafted_tokens_total{model="tiny/model"} 12.0
                    moonglass_accepted_tokens_total{model="tiny/model"} 13.0
                    moonglass_failed_steps_total{model="tiny/model"} 14.0
                    moonglass_kv_blocks{model="tiny/model"} 15.0
                    moonglass_kv_blocks_in_use{model="tiny/model"} 16.0
                    moonglass_kv_blocks_kept{model="tiny/model"} 17.0
                    moonglass_prompt_tokens_per_second{model="tiny/model"} 18.5
                    moonglass_since_progress_seconds{model="tiny/model"} 1.5
                    moonglass_encoded_pictures_total{model="tiny/model"} 21.0
                    moonglass_encoded_pixels_total{model="tiny/model"} 22.0
                    moonglass_encoder_cache_queries_total{model="tiny/model"} 23.0
                    moonglass_encoder_cache_hits_total{model="tiny/model"} 24.0
                    moonglass_encoder_cache_bytes{model="tiny/model"} 25.0
                    moonglass_cancellations_total{model="tiny/model",stage="picture_decode"} 26.0
                    moonglass_cancellations_total{model="tiny/model",stage="picture_encode"} 27.0
                    moonglass_picture_pixels_per_second{model="tiny/model"} 28.5
                    moonglass_queued_tokens{model="tiny/model"} 31.0
                    moonglass_queued_pixels{model="tiny/model"} 32.0
                    moonglass_queued_tokens_limit{model="tiny/model"} 33.0
                    moonglass_queued_pixels_limit{model="tiny/model"} 34.0
                    moonglass_decoded_pictures_total{model="tiny/model"} 35.0
                    moonglass_media_seconds_total{model="tiny/model",stage="decode"} 36.5
                    moonglass_media_seconds_total{model="tiny/model",stage="fit"} 37.5
                    moonglass_media_seconds_total{model="tiny/model",stage="encode"} 38.5
                    moonglass_media_seconds_total{model="tiny/model",stage="fetch"} 43.5
                    moonglass_fetches_total{model="tiny/model",outcome="fetched"} 41.0
                    moonglass_fetched_bytes_total{model="tiny/model"} 42.0
                    moonglass_fetches_total{model="tiny/model",outcome="refused"} 44.0
                    moonglass_fetches_total{model="tiny/model",outcome="failed"} 45.0
                    moonglass_fetches_total{model="tiny/model",outcome="cancelled"} 46.0
                    moonglass_cancellations_total{model="tiny/model",stage="download"} 46.0
                    moonglass_media_workers{model="tiny/model"} 51.0
                    moonglass_media_workers_busy{model="tiny/model"} 52.0
                    moonglass_media_workers_started_total{model="tiny/model"} 53.0
                    moonglass_media_workers_ended_total{model="tiny/model",reason="crashed"} 54.0
                    moonglass_media_workers_ended_total{model="tiny/model",reason="too_slow"} 55.0
                    moonglass_media_workers_ended_total{model="tiny/model",reason="nonsense"} 56.0
                    moonglass_media_workers_ended_total{model="tiny/model",reason="abandoned"} 57.0
                    moonglass_media_commands_total{model="tiny/model"} 58.0
                    moonglass_media_pending{model="tiny/model"} 29.0
                    moonglass_slots{model="tiny/model"} 61.0
                    moonglass_kv_block_bytes{model="tiny/model"} 62.0
                    moonglass_kv_cache_bytes{model="tiny/model"} 63.0
                    moonglass_kv_cache_info{block_size="32",model="tiny/model",num_blocks="15"} 1
                    moonglass_expert_tokens_total{expert="0",layer="1",model="tiny/model"} 64.0
                    moonglass_expert_tokens_total{expert="1",layer="1",model="tiny/model"} 65.0
                    moonglass_expert_imbalance{layer="1",model="tiny/model"} 1.25
                    moonglass_step_duration_seconds_bucket{model="tiny/model",le="0.0025"} 0
                    moonglass_step_duration_seconds_bucket{model="tiny/model",le="0.005"} 2
                    moonglass_step_duration_seconds_bucket{model="tiny/model",le="+Inf"} 2
                    moonglass_step_duration_seconds_sum{model="tiny/model"} 0.008
                    moonglass_inter_token_latency_seconds_count{model="tiny/model"} 1
                    vllm:num_requests_running{model_name="tiny/model"} 1.0
                    vllm:num_requests_waiting{model_name="tiny/model"} 0.0
                    vllm:prompt_tokens_total{model_name="tiny/model"} 5.0
                    vllm:prefix_cache_queries_total{model_name="tiny/model"} 5.0
                    vllm:prefix_cache_hits_total{model_name="tiny/model"} 6.0
                    vllm:generation_tokens_total{model_name="tiny/model"} 7.0
                    vllm:cache_config_info{block_size="32",model_name="tiny/model",num_gpu_blocks="15"} 1
                    vllm:inter_token_latency_seconds_bucket{model_name="tiny/model",le="0.025"} 1
                    # TYPE vllm:inter_token_latency_seconds histogram
                    # TYPE moonglass_steps_total counter
                    # TYPE moonglass_kv_blocks gauge
                    """
                            .lines()
                            .toList()) {
                assertTrue(lines.contains(line), line + " is not in\n" + response.body());
            }
        }
    }

    @Test
    void requests_are_counted_by_what_became_of_them() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        try (RunningServer server = new RunningServer(OPTIONS)) {
            assertCounted(server, "moonglass_requests_total{outcome=\"completed\"}", 0);
            server.chat(GOOD);
            server.chat(GOOD_STREAM);
            server.chat("{}");
            server.get("/v1/nothing");
            server.model.refusal = new OverloadedException("full", Duration.ofSeconds(1));
            server.chat(GOOD);
            server.model.refusal = new IllegalStateException();
            server.chat(GOOD);
            server.model.refusal = null;
            server.model.script =
                    (_, events, cancelled) -> {
                        events.accept(new GenerationEvent.TextDelta("so far"));
                        started.countDown();
                        cancelled.await();
                        events.accept(ScriptedModel.finished(FinishReason.CANCELLED));
                    };
            server.chat("{\"timeout\":0.2," + GOOD_STREAM.substring(1));
            CompletableFuture<HttpResponse<String>> running =
                    CompletableFuture.supplyAsync(() -> server.send(server.chatAs("x", GOOD)));
            while (server.send(server.request("/v1/requests/x").DELETE()).statusCode() != 200) {
                Thread.onSpinWait();
            }
            running.join();

            assertCounted(server, "moonglass_requests_total{outcome=\"completed\"}", 2);
            assertCounted(server, "moonglass_requests_total{outcome=\"invalid\"}", 1);
            assertCounted(server, "moonglass_requests_total{outcome=\"refused\"}", 1);
            assertCounted(server, "moonglass_requests_total{outcome=\"failed\"}", 1);
            assertCounted(server, "moonglass_requests_total{outcome=\"deadline_exceeded\"}", 1);
            assertCounted(server, "moonglass_requests_total{outcome=\"cancelled\"}", 1);
            assertCounted(server, "moonglass_requests_total{outcome=\"client_gone\"}", 0);
            assertCounted(server, "moonglass_refusals_total{reason=\"invalid_value\"}", 1);
            assertCounted(server, "moonglass_refusals_total{reason=\"unknown_url\"}", 1);
            assertCounted(server, "moonglass_refusals_total{reason=\"queue_full\"}", 1);
        }
    }

    @Test
    void requests_are_told_by_model_stage_and_key() throws Exception {
        ServerOptions keyed = OPTIONS.withApiKeys(CallerTest.keys("alice", "bob"));
        try (RunningServer server = new RunningServer(keyed)) {
            server.send(server.chatAs("1", GOOD).header("X-Api-Key", "key of alice"));
            server.send(server.chatAs("2", GOOD_STREAM).header("X-Api-Key", "key of alice"));
            server.send(server.chatAs("3", "{}").header("X-Api-Key", "key of bob"));
            server.chat(GOOD);

            assertTold(
                    server,
                    """
                    moonglass_key_requests_total{key="alice",outcome="completed"} 2.0
                    moonglass_key_requests_total{key="bob",outcome="invalid"} 1.0
                    moonglass_key_requests_total{key="none",outcome="invalid"} 1.0
                    moonglass_key_tokens_total{key="alice",kind="prompt"} 22.0
                    moonglass_key_tokens_total{key="alice",kind="generated"} 4.0
                    moonglass_key_tokens_total{key="bob",kind="generated"} 0.0
                    moonglass_answers_total{model="tiny/model",reason="stop"} 2.0
                    moonglass_request_duration_seconds_count{model="tiny/model",outcome="completed"} 2
                    moonglass_request_duration_seconds_count{model="none",outcome="invalid"} 1
                    moonglass_time_to_first_token_seconds_count{model="tiny/model"} 2
                    moonglass_request_prompt_tokens_sum{model="tiny/model"} 22.0
                    moonglass_request_generated_tokens_sum{model="tiny/model"} 4.0
                    moonglass_stage_duration_seconds_count{model="tiny/model",stage="decoding"} 2
                    vllm:request_success_total{finished_reason="stop",model_name="tiny/model"} 2.0
                    vllm:e2e_request_latency_seconds_count{model_name="tiny/model"} 2
                    vllm:time_to_first_token_seconds_count{model_name="tiny/model"} 2
                    """);
        }
    }

    @Test
    void a_request_waits_until_its_answer_is_computed() throws Exception {
        CountDownLatch prepared = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.beforeGenerate =
                    _ -> {
                        prepared.countDown();
                        goOn.await();
                    };
            server.model.script =
                    (_, events, _) -> {
                        events.accept(new GenerationEvent.TextDelta("so far"));
                        end.await();
                        events.accept(ScriptedModel.finished(FinishReason.LENGTH));
                    };
            CompletableFuture<HttpResponse<String>> running =
                    CompletableFuture.supplyAsync(() -> server.chat(GOOD));
            assertTrue(prepared.await(10, TimeUnit.SECONDS));
            assertTold(
                    server,
                    """
                    moonglass_requests_waiting{model="tiny/model"} 1.0
                    vllm:num_requests_waiting{model_name="tiny/model"} 1.0
                    moonglass_requests_in_stage{model="tiny/model",stage="admission"} 1.0
                    moonglass_requests_in_stage{model="tiny/model",stage="decoding"} 0.0
                    """);

            goOn.countDown();
            assertTold(
                    server,
                    """
                    moonglass_requests_waiting{model="tiny/model"} 0.0
                    moonglass_requests_in_stage{model="tiny/model",stage="decoding"} 1.0
                    moonglass_time_to_first_token_seconds_count{model="tiny/model"} 1
                    """);

            end.countDown();
            running.join();
            assertTold(
                    server,
                    """
                    moonglass_requests_in_stage{model="tiny/model",stage="decoding"} 0.0
                    moonglass_answers_total{model="tiny/model",reason="length"} 1.0
                    """);
        }
    }

    @Test
    void without_expert_metrics_only_the_imbalance_of_layers_is_told() {
        try (RunningServer server = new RunningServer(OPTIONS.withExpertMetrics(false))) {
            server.model.statistics =
                    ScriptedModel.with(
                            new EngineMeasurements(
                                    1,
                                    0,
                                    0,
                                    durations(),
                                    durations(),
                                    List.of(new ExpertLoad(2, new long[] {1, 2}, 1.5))));

            String text = server.get("/metrics").body();

            assertTrue(text.contains("moonglass_expert_imbalance{layer=\"2\""), text);
            assertFalse(text.contains("moonglass_expert_tokens"), text);
        }
    }

    private static DurationHistogram.Counts durations(double... seconds) {
        DurationHistogram histogram = new DurationHistogram();
        for (double each : seconds) {
            histogram.add((long) (each * 1e9));
        }
        return histogram.counts();
    }

    @Test
    void a_client_that_leaves_is_counted() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.script =
                    (_, _, cancelled) -> {
                        started.countDown();
                        cancelled.await();
                    };
            try (Socket socket = server.socket()) {
                socket.getOutputStream()
                        .write(RunningServer.rawChat(GOOD).getBytes(StandardCharsets.UTF_8));
                assertTrue(started.await(10, TimeUnit.SECONDS));
                assertCounted(server, "moonglass_requests_running", 1);
            }

            assertCounted(server, "moonglass_requests_total{outcome=\"client_gone\"}", 1);
            assertCounted(server, "moonglass_requests_running", 0);
        }
    }

    @Test
    void while_the_model_loads_its_metrics_are_not_there() throws Exception {
        try (MoonglassServer server = MoonglassServer.start(OPTIONS.withPort(0));
                HttpClient http = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + server.port() + "/metrics");

            HttpResponse<String> response =
                    http.send(
                            HttpRequest.newBuilder(uri).build(),
                            HttpResponse.BodyHandlers.ofString());

            assertEquals(200, response.statusCode());
            assertTrue(response.body().contains("moonglass_requests_total{"), response.body());
            assertFalse(response.body().contains("moonglass_kv_blocks"), response.body());
        }
    }

    private static void assertCounted(RunningServer server, String metric, int count) {
        assertTold(server, metric + " " + (double) count);
    }

    /// A request is counted just after its answer.
    private static void assertTold(RunningServer server, String lines) {
        List<String> wanted = lines.lines().toList();
        String body = metrics(server);
        for (int i = 0; i < 1_000 && !body.lines().toList().containsAll(wanted); i++) {
            body = metrics(server);
        }
        for (String line : wanted) {
            assertTrue(body.lines().anyMatch(line::equals), line + " is not in\n" + body);
        }
    }

    private static String metrics(RunningServer server) {
        return server.send(server.request("/metrics").header("X-Api-Key", "key of alice").GET())
                .body();
    }
}
