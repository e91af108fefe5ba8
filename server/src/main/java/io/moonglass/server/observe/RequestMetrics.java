package io.moonglass.server.observe;

import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.RequestTimeline;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Counts requests for an answer, and measures them. Safe to use from any thread.
final class RequestMetrics {

    /// The model of a request that named none that is served, and the key of one that sent none.
    private static final String NONE = "none";

    /// Seconds: what is cached takes milliseconds, a long video on a small machine many minutes.
    private static final double[] SECONDS = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
        600, 1200
    };

    private static final double[] TOKENS = {
        1, 8, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072
    };

    private final Set<RequestTimeline> active = ConcurrentHashMap.newKeySet();
    private final Counter requests;
    private final Counter refusals;
    private final Counter answers;
    private final Counter keyRequests;
    private final Counter keyTokens;
    private final Histogram firstTokens;
    private final Histogram requestTimes;
    private final Histogram stageTimes;
    private final Histogram promptTokens;
    private final Histogram generatedTokens;

    RequestMetrics(PrometheusRegistry registry) {
        requests =
                counter(
                        registry,
                        "requests",
                        "Requests for an answer that have ended, by what became of them.",
                        "outcome");
        refusals =
                counter(
                        registry,
                        "refusals",
                        "Requests that were refused, but for health, by the code of their error.",
                        "reason");
        answers =
                counter(
                        registry,
                        "answers",
                        "Answers that have ended, by why they did; a request may have several.",
                        "model",
                        "reason");
        keyRequests =
                counter(
                        registry,
                        "key_requests",
                        "Requests for an answer that have ended, by the name of their API key.",
                        "key",
                        "outcome");
        keyTokens =
                counter(
                        registry,
                        "key_tokens",
                        "Tokens of requests that have ended, by the name of their API key.",
                        "key",
                        "kind");
        firstTokens =
                histogram(
                        registry,
                        "time_to_first_token_seconds",
                        "From the head of a request to the first token of its first answer.",
                        SECONDS,
                        "model");
        requestTimes =
                histogram(
                        registry,
                        "request_duration_seconds",
                        "From the head of a request to the end of its answer.",
                        SECONDS,
                        "model",
                        "outcome");
        stageTimes =
                histogram(
                        registry,
                        "stage_duration_seconds",
                        "Time that a request was in a stage, of requests that were in it.",
                        SECONDS,
                        "model",
                        "stage");
        promptTokens =
                histogram(
                        registry,
                        "request_prompt_tokens",
                        "Prompt tokens of a request, pictures included.",
                        TOKENS,
                        "model");
        generatedTokens =
                histogram(
                        registry,
                        "request_generated_tokens",
                        "Tokens of all answers of a request that was completed.",
                        TOKENS,
                        "model");
        for (Outcome outcome : Outcome.values()) {
            requests.initLabelValues(outcome.label());
        }
    }

    private static Counter counter(
            PrometheusRegistry registry, String name, String help, String... labels) {
        return Counter.builder()
                .name("moonglass_" + name)
                .help(help)
                .labelNames(labels)
                .withoutExemplars()
                .register(registry);
    }

    private static Histogram histogram(
            PrometheusRegistry registry,
            String name,
            String help,
            double[] bounds,
            String... labels) {
        return Histogram.builder()
                .name("moonglass_" + name)
                .help(help)
                .classicOnly()
                .classicUpperBounds(bounds)
                .labelNames(labels)
                .withoutExemplars()
                .register(registry);
    }

    /// The requests that have not ended.
    Set<RequestTimeline> active() {
        return active;
    }

    void began(RequestTimeline timeline) {
        active.add(timeline);
    }

    void firstToken(RequestTimeline timeline) {
        timeline.timeToFirstToken()
                .ifPresent(time -> firstTokens.labelValues(model(timeline)).observe(seconds(time)));
    }

    void refused(String reason) {
        refusals.labelValues(reason).inc();
    }

    void ended(RequestReport request) {
        RequestTimeline timeline = request.timeline();
        active.remove(timeline);
        String model = model(timeline);
        String outcome = request.outcome().label();
        requests.labelValues(outcome).inc();
        requestTimes.labelValues(model, outcome).observe(seconds(timeline.length()));
        timeline.periods()
                .forEach(period ->
                        stageTimes
                                .labelValues(model, period.stage().label())
                                .observe(seconds(period.active())));
        timeline.answers().forEach((reason, count) -> count(model, reason, count));
        if (timeline.promptTokens() > 0) {
            promptTokens.labelValues(model).observe(timeline.promptTokens());
        }
        if (request.outcome() == Outcome.COMPLETED) {
            generatedTokens.labelValues(model).observe(timeline.generatedTokens());
        }
        count(request.keyName().orElse(NONE), outcome, timeline);
    }

    private void count(String model, FinishReason reason, int count) {
        String label =
                switch (reason) {
                    case STOP -> "stop";
                    case LENGTH -> "length";
                    case CANCELLED -> "cancelled";
                };
        answers.labelValues(model, label).inc(count);
    }

    private void count(String key, String outcome, RequestTimeline timeline) {
        keyRequests.labelValues(key, outcome).inc();
        keyTokens.labelValues(key, "prompt").inc(timeline.promptTokens());
        keyTokens.labelValues(key, "generated").inc(timeline.generatedTokens());
    }

    private static String model(RequestTimeline timeline) {
        return timeline.model().orElse(NONE);
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
