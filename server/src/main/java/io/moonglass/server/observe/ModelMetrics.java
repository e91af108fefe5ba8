package io.moonglass.server.observe;

import io.moonglass.engine.EngineStatistics;
import io.moonglass.runtime.ModelStatistics;
import io.moonglass.runtime.admission.QueueStatistics;
import io.moonglass.runtime.media.MediaStatistics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Optional;
import java.util.function.Supplier;

/// A model's statistics as metrics, all of one moment; none while there is no model.
final class ModelMetrics implements MultiCollector {

    private static final String PREFIX = "moonglass_";

    private final Supplier<Optional<ModelStatistics>> model;

    ModelMetrics(Supplier<Optional<ModelStatistics>> model) {
        this.model = model;
    }

    @Override
    public MetricSnapshots collect() {
        MetricSnapshots.Builder metrics = MetricSnapshots.builder();
        model.get()
                .ifPresent(statistics -> {
                    addEngine(metrics, statistics.engine());
                    addCache(metrics, statistics.engine());
                    addPictures(metrics, statistics.media());
                    addQueue(metrics, statistics.queue());
                    addCancellations(metrics, statistics);
                });
        return metrics.build();
    }

    private static void addEngine(MetricSnapshots.Builder metrics, EngineStatistics engine) {
        gauge(metrics, "sequences_running", "Answers that are computed now.", model -> model.engine().numRunning());
        gauge(metrics, "sequences_waiting", "Answers that wait for a place.", model -> model.engine().numWaiting());
        gauge(
                metrics,
                "uncomputed_prompt_tokens",
                "Prompt tokens in the engine that are not computed yet.",
                model -> model.engine().numUncomputedTokens());
        gauge(
                metrics,
                "prompt_tokens_per_second",
                "Rate at which prompts are computed, as measured lately.",
                model -> model.engine().promptTokensPerSecond());
        gauge(
                metrics,
                "since_progress_seconds",
                "Time since the engine last got on; 0 while it has nothing to do.",
                model -> model.engine().sinceProgress().toNanos() / 1e9);
        counter(metrics, "steps", "Forward passes.", model -> model.engine().steps());
        counter(
                metrics,
                "failed_steps",
                "Forward passes that ended in a fault of ours.",
                model -> model.engine().failedSteps());
        counter(
                metrics,
                "prompt_tokens",
                "Prompt tokens of all requests that ran.",
                model -> model.engine().promptTokens());
        counter(metrics, "generated_tokens", "Tokens that were chosen.", model -> model.engine().generatedTokens());
        counter(
                metrics,
                "drafted_tokens",
                "Tokens that were guessed ahead.",
                model -> model.engine().draftedTokens());
        counter(
                metrics,
                "accepted_tokens",
                "Guessed tokens that were right.",
                model -> model.engine().acceptedTokens());
        counter(
                metrics,
                "preemptions",
                "Answers that gave their cache up and started over.",
                model -> model.engine().preemptions());
    }

    private static void addCache(MetricSnapshots.Builder metrics, EngineStatistics engine) {
        gauge(metrics, "kv_blocks", "Blocks that the cache has.", model -> model.engine().numBlocks());
        gauge(
                metrics,
                "kv_blocks_in_use",
                "Blocks that answers need now.",
                model -> model.engine().numBlocksInUse());
        gauge(
                metrics,
                "kv_blocks_kept",
                "Blocks that only a later prompt may need.",
                model -> model.engine().numBlocksKept());
        counter(
                metrics,
                "prefix_cache_queried_tokens",
                "Prompt tokens that were looked up in the cache.",
                model -> model.engine().promptTokens());
        counter(
                metrics,
                "prefix_cache_hit_tokens",
                "Prompt tokens that were found in the cache.",
                model -> model.engine().cachedPromptTokens());
    }

    private static void addPictures(MetricSnapshots.Builder metrics, MediaStatistics media) {
        gauge(
                metrics,
                "picture_pixels_per_second",
                "Rate at which pictures are encoded, as measured lately.",
                model -> model.media().pixelsPerSecond());
        gauge(
                metrics,
                "encoder_cache_bytes",
                "Encoded pictures that are kept.",
                model -> model.media().cacheBytes());
        counter(
                metrics,
                "encoder_cache_queries",
                "Pictures that were looked up in the encoder's cache.",
                model -> model.media().cacheQueries());
        counter(
                metrics,
                "encoder_cache_hits",
                "Pictures that were found there or were on their way.",
                model -> model.media().cacheHits());
        counter(
                metrics,
                "encoded_pictures",
                "Pictures that were encoded.",
                model -> model.media().encodedPictures());
        counter(metrics, "encoded_pixels", "Their pixels, as fitted.", model -> model.media().encodedPixels());
    }

    private static void addQueue(MetricSnapshots.Builder metrics, QueueStatistics queue) {
        gauge(
                metrics,
                "queued_tokens",
                "Prompt tokens of requests whose prompt is not computed yet.",
                model -> model.queue().tokens());
        gauge(
                metrics,
                "queued_pixels",
                "Pixels of requests whose pictures are not encoded yet.",
                model -> model.queue().pixels());
        gauge(
                metrics,
                "queued_tokens_limit",
                "Queued tokens beyond which requests are refused.",
                model -> model.queue().maxTokens());
        gauge(
                metrics,
                "queued_pixels_limit",
                "Queued pixels beyond which requests are refused.",
                model -> model.queue().maxPixels());
    }

    private static void addCancellations(
            MetricSnapshots.Builder metrics, ModelStatistics statistics) {
        EngineStatistics engine = statistics.engine();
        MediaStatistics media = statistics.media();
        metrics.metricSnapshot(
                CounterSnapshot.builder()
                        .name(PREFIX + "cancellations")
                        .help("Work that was given up before its end, by the stage it was in.")
                        .dataPoint(atStage("picture_decode", model -> model.media().cancelledDecoding()))
                        .dataPoint(atStage("picture_encode", model -> model.media().cancelledEncoding()))
                        .dataPoint(atStage("queue", model -> model.engine().cancelledWaiting()))
                        .dataPoint(atStage("prefill", model -> model.engine().cancelledPrefilling()))
                        .dataPoint(atStage("decode", model -> model.engine().cancelledDecoding()))
                        .build());
    }

    private static CounterDataPointSnapshot atStage(String stage, long count) {
        return CounterDataPointSnapshot.builder()
                .labels(Labels.of("stage", stage))
                .value(count)
                .build();
    }

    private static void gauge(
            MetricSnapshots.Builder metrics, String name, String help, double value) {
        metrics.metricSnapshot(
                GaugeSnapshot.builder()
                        .name(PREFIX + name)
                        .help(help)
                        .dataPoint(
                                GaugeSnapshot.GaugeDataPointSnapshot.builder().value(value).build())
                        .build());
    }

    /// @param name without the `_total` that the format puts behind it
    private static void counter(
            MetricSnapshots.Builder metrics, String name, String help, long value) {
        metrics.metricSnapshot(
                CounterSnapshot.builder()
                        .name(PREFIX + name)
                        .help(help)
                        .dataPoint(CounterDataPointSnapshot.builder().value(value).build())
                        .build());
    }
}
