package io.moonglass.server.observe;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.runtime.RequestTimeline;
import io.moonglass.server.files.FileStatistics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ServerMetricsTest {

    @Test
    void what_the_server_says_of_itself_is_told_as_it_is_at_the_moment() {
        AtomicBoolean isStopping = new AtomicBoolean();
        ServerMetrics metrics =
                new ServerMetrics(
                        new ServerProbes(
                                Map::of,
                                () -> 3,
                                () -> 4,
                                () -> !isStopping.get(),
                                isStopping::get,
                                () -> Optional.of(Instant.ofEpochSecond(1_900_000_000)),
                                () -> Optional.of(new FileStatistics(5, 6, 7))),
                        "1.2.3",
                        true);
        assertTold(
                metrics,
                "moonglass_build_info{version=\"1.2.3\"} 1",
                "moonglass_requests_running 3.0",
                "moonglass_connections 4.0",
                "moonglass_ready 1.0",
                "moonglass_stopping 0.0",
                "moonglass_tls_certificate_expiry_timestamp_seconds 1.9E9",
                "moonglass_file_bytes 5.0",
                "moonglass_file_hits_total 6.0",
                "moonglass_file_misses_total 7.0");

        isStopping.set(true);

        assertTold(metrics, "moonglass_ready 0.0", "moonglass_stopping 1.0");
    }

    @Test
    void what_there_is_not_is_not_told() {
        String text = text(metricsOfNothing());

        assertFalse(text.contains("moonglass_tls"), text);
        assertFalse(text.contains("moonglass_file"), text);
        assertFalse(text.contains("vllm:"), text);
    }

    @Test
    void a_request_for_a_model_that_is_being_loaded_waits_too() {
        ServerMetrics metrics = metricsOfNothing();
        RequestTimeline timeline = new RequestTimeline();
        metrics.began(timeline);
        timeline.servedBy("large");

        assertTold(metrics, "moonglass_requests_waiting{model=\"large\"} 1.0");

        timeline.end();
        RequestReport report = new RequestReport("1", "POST", "/", timeline, false);
        report.ended(Outcome.CANCELLED, Optional.empty());
        metrics.ended(report);
        assertFalse(text(metrics).contains("moonglass_requests_waiting{"));
    }

    private static ServerMetrics metricsOfNothing() {
        return new ServerMetrics(
                new ServerProbes(
                        Map::of,
                        () -> 0,
                        () -> 0,
                        () -> false,
                        () -> false,
                        Optional::empty,
                        Optional::empty),
                "1.2.3",
                true);
    }

    private static void assertTold(ServerMetrics metrics, String... lines) {
        String text = text(metrics);
        for (String line : List.of(lines)) {
            assertTrue(text.lines().anyMatch(line::equals), line + " is not in\n" + text);
        }
    }

    private static String text(ServerMetrics metrics) {
        return new String(metrics.exposition(), StandardCharsets.UTF_8);
    }
}
