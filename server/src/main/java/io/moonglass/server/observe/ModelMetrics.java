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
        gauge(metrics, "sequences_running", "Answers that are computed now.", engine.numRunning());
        gauge(metrics, "sequences_waiting", "Answers that wait for a place.", engine.numWaiting());
        gauge(
                metrics,
                "uncomputed_prompt_tokens",
                "Prompt tokens in the engine that are not computed yet.",
                engine.numUncomputedTokens());
        gauge(
                metrics,
                "prompt_tokens_per_second",
                "Rate at which prompts are computed, as measured lately.",
                engine.promptTokensPerSecond());
        gauge(
                metrics,
                "since_progress_seconds",
                "Time since the engine last got on; 0 while it has nothing to do.",
                engine.sinceProgress().toNanos() / 1e9);
        counter(metrics, "steps", "Forward passes.", engine.steps());
        counter(
                metrics,
                "failed_steps",
                "Forward passes that ended in a fault of ours.",
                engine.failedSteps());
        counter(
                metrics,
                "prompt_tokens",
                "Prompt tokens of all requests that ran.",
                engine.promptTokens());
        counter(metrics, "generated_tokens", "Tokens that were chosen.", engine.generatedTokens());
        counter(
                metrics,
                "drafted_tokens",
                "Tokens that were guessed ahead.",
                engine.draftedTokens());
        counter(
                metrics,
                "accepted_tokens",
                "Guessed tokens that were right.",
                engine.acceptedTokens());
        counter(
                metrics,
                "preemptions",
                "Answers that gave their cache up and started over.",
                engine.preemptions());
    }

    private static void addCache(MetricSnapshots.Builder metrics, EngineStatistics engine) {
        gauge(metrics, "kv_blocks", "Blocks that the cache has.", engine.numBlocks());
        gauge(
                metrics,
                "kv_blocks_in_use",
                "Blocks that answers need now.",
                engine.numBlocksInUse());
        gauge(
                metrics,
                "kv_blocks_kept",
                "Blocks that only a later prompt may need.",
                engine.numBlocksKept());
        counter(
                metrics,
                "prefix_cache_queried_tokens",
                "Prompt tokens that were looked up in the cache.",
                engine.promptTokens());
        counter(
                metrics,
                "prefix_cache_hit_tokens",
                "Prompt tokens that were found in the cache.",
                engine.cachedPromptTokens());
    }

    private static void addPictures(MetricSnapshots.Builder metrics, MediaStatistics media) {
        gauge(
                metrics,
                "picture_pixels_per_second",
                "Rate at which pictures are encoded, as measured lately.",
                media.pixelsPerSecond());
        gauge(
                metrics,
                "encoder_cache_bytes",
                "Encoded pictures that are kept.",
                media.cacheBytes());
        counter(
                metrics,
                "encoder_cache_queries",
                "Pictures that were looked up in the encoder's cache.",
                media.cacheQueries());
        counter(
                metrics,
                "encoder_cache_hits",
                "Pictures that were found there or were on their way.",
                media.cacheHits());
        counter(
                metrics,
                "encoded_pictures",
                "Pictures that were encoded.",
                media.encodedPictures());
        counter(metrics, "encoded_pixels", "Their pixels, as fitted.", media.encodedPixels());
    }

    private static void addQueue(MetricSnapshots.Builder metrics, QueueStatistics queue) {
        gauge(
                metrics,
                "queued_tokens",
                "Prompt tokens of requests whose prompt is not computed yet.",
                queue.tokens());
        gauge(
                metrics,
                "queued_pixels",
                "Pixels of requests whose pictures are not encoded yet.",
                queue.pixels());
        gauge(
                metrics,
                "queued_tokens_limit",
                "Queued tokens beyond which requests are refused.",
                queue.maxTokens());
        gauge(
                metrics,
                "queued_pixels_limit",
                "Queued pixels beyond which requests are refused.",
                queue.maxPixels());
    }

    private static void addCancellations(
            MetricSnapshots.Builder metrics, ModelStatistics statistics) {
        EngineStatistics engine = statistics.engine();
        MediaStatistics media = statistics.media();
        metrics.metricSnapshot(
                CounterSnapshot.builder()
                        .name(PREFIX + "cancellations")
                        .help("Work that was given up before its end, by the stage it was in.")
                        .dataPoint(atStage("picture_decode", media.cancelledDecoding()))
                        .dataPoint(atStage("picture_encode", media.cancelledEncoding()))
                        .dataPoint(atStage("queue", engine.cancelledWaiting()))
                        .dataPoint(atStage("prefill", engine.cancelledPrefilling()))
                        .dataPoint(atStage("decode", engine.cancelledDecoding()))
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
