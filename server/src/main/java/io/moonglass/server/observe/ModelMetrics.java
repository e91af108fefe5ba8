package io.moonglass.server.observe;

import io.moonglass.engine.EngineMeasurements;
import io.moonglass.engine.EngineStatistics;
import io.moonglass.engine.KvCache;
import io.moonglass.router.ExpertLoad;
import io.moonglass.runtime.ModelStatistics;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.Stage;
import io.moonglass.runtime.admission.QueueStatistics;
import io.moonglass.runtime.fetch.FetchStatistics;
import io.moonglass.runtime.media.MediaStatistics;
import io.moonglass.vision.worker.WorkerStatistics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// Statistics of models as metrics, all of one moment; none while there is no model. Every figure has the model's name
/// as a label.
final class ModelMetrics implements MultiCollector {

    private final Supplier<Map<String, ModelStatistics>> models;
    private final Set<RequestTimeline> active;
    private final boolean withExperts;

    /// @param models      by name, the one first that requests get that name none
    /// @param active      requests that have not ended
    /// @param withExperts whether the tokens of every expert are told
    ModelMetrics(
            Supplier<Map<String, ModelStatistics>> models,
            Set<RequestTimeline> active,
            boolean withExperts) {
        this.models = models;
        this.active = active;
        this.withExperts = withExperts;
    }

    @Override
    public MetricSnapshots collect() {
        LabelledMetrics metrics = new LabelledMetrics();
        Map<String, ModelStatistics> loaded = models.get();
        addRequests(metrics, loaded.keySet());
        loaded.forEach((name, statistics) -> {
            metrics.of(name);
            addEngine(metrics, statistics.engine());
            addCache(metrics, statistics.engine());
            addPictures(metrics, statistics.media());
            addFetches(metrics, statistics.media().fetches());
            addWorkers(metrics, statistics.media().workers());
            addQueue(metrics, statistics.queue());
            addCancellations(metrics, statistics);
            addMeasurements(metrics, statistics.engine());
            addExperts(metrics, statistics.engine().measurements().experts());
        });
        return metrics.snapshots();
    }

    /// A request whose model is not known yet counts to the first; one that is being loaded for a request counts too.
    private void addRequests(LabelledMetrics metrics, Set<String> loaded) {
        Map<String, List<RequestTimeline>> byModel = new LinkedHashMap<>();
        loaded.forEach(name -> byModel.put(name, new ArrayList<>()));
        for (RequestTimeline timeline : active) {
            timeline.model()
                    .or(() -> loaded.stream().findFirst())
                    .map(name -> byModel.computeIfAbsent(name, _ -> new ArrayList<>()))
                    .ifPresent(requests -> requests.add(timeline));
        }
        byModel.forEach((name, requests) -> {
            metrics.of(name);
            addRequests(metrics, requests);
        });
    }

    private static void addRequests(LabelledMetrics metrics, List<RequestTimeline> requests) {
        metrics.gauge(
                "requests_waiting",
                "Requests that are taken in and whose first answer is not being computed yet.",
                requests.stream().filter(RequestTimeline::isWaiting).count());
        Map<Stage, Integer> inStage = new EnumMap<>(Stage.class);
        for (RequestTimeline timeline : requests) {
            timeline.stage().ifPresent(stage -> inStage.merge(stage, 1, Integer::sum));
        }
        for (Stage stage : Stage.values()) {
            metrics.gauge(
                    "requests_in_stage",
                    "Requests by the furthest stage that they are in.",
                    inStage.getOrDefault(stage, 0),
                    "stage",
                    stage.label());
        }
    }

    private static void addMeasurements(LabelledMetrics metrics, EngineStatistics engine) {
        EngineMeasurements measurements = engine.measurements();
        metrics.gauge(
                "slots", "Answers that are computed at once at most.", measurements.maxRunning());
        metrics.gauge(
                "kv_block_bytes", "Bytes of one block of the cache.", measurements.blockBytes());
        metrics.gauge(
                "kv_cache_bytes",
                "Memory that the cache has taken until now.",
                measurements.cacheBytes());
        metrics.gauge(
                "kv_cache_usage_ratio",
                "Blocks that answers need now, as a part of all: 0 to 1.",
                (double) engine.numBlocksInUse() / Math.max(1, engine.numBlocks()));
        metrics.info(
                "kv_cache",
                "The sizes of the cache.",
                Labels.of(
                        "block_size",
                        Integer.toString(KvCache.BLOCK_SIZE),
                        "num_blocks",
                        Integer.toString(engine.numBlocks())));
        metrics.histogram(
                "step_duration_seconds", "Time that a forward pass took.", measurements.steps());
        metrics.histogram(
                "inter_token_latency_seconds",
                "Time between two tokens of one answer.",
                measurements.tokenGaps());
    }

    private void addExperts(LabelledMetrics metrics, List<ExpertLoad> layers) {
        for (ExpertLoad load : layers) {
            String layer = Integer.toString(load.layer());
            metrics.gauge(
                    "expert_imbalance",
                    "What the most loaded expert of a layer got lately, in parts of the mean.",
                    load.imbalance(),
                    "layer",
                    layer);
            for (int expert = 0; withExperts && expert < load.tokens().length; expert++) {
                metrics.counter(
                        "expert_tokens",
                        "Tokens that went to an expert.",
                        load.tokens()[expert],
                        Labels.of("layer", layer, "expert", Integer.toString(expert)));
            }
        }
    }

    private static void addEngine(LabelledMetrics metrics, EngineStatistics engine) {
        metrics.gauge("sequences_running", "Answers that are computed now.", engine.numRunning());
        metrics.gauge("sequences_waiting", "Answers that wait for a place.", engine.numWaiting());
        metrics.gauge(
                "uncomputed_prompt_tokens",
                "Prompt tokens in the engine that are not computed yet.",
                engine.numUncomputedTokens());
        metrics.gauge(
                "prompt_tokens_per_second",
                "Rate at which prompts are computed, as measured lately.",
                engine.promptTokensPerSecond());
        metrics.gauge(
                "since_progress_seconds",
                "Time since the engine last got on; 0 while it has nothing to do.",
                engine.sinceProgress().toNanos() / 1e9);
        metrics.counter("steps", "Forward passes.", engine.steps());
        metrics.counter(
                "failed_steps",
                "Forward passes that ended in a fault of ours.",
                engine.failedSteps());
        metrics.counter(
                "prompt_tokens", "Prompt tokens of all requests that ran.", engine.promptTokens());
        metrics.counter("generated_tokens", "Tokens that were chosen.", engine.generatedTokens());
        metrics.counter(
                "drafted_tokens", "Tokens that were guessed ahead.", engine.draftedTokens());
        metrics.counter(
                "accepted_tokens", "Guessed tokens that were right.", engine.acceptedTokens());
        metrics.counter(
                "preemptions",
                "Answers that gave their cache up and started over.",
                engine.preemptions());
    }

    private static void addCache(LabelledMetrics metrics, EngineStatistics engine) {
        metrics.gauge("kv_blocks", "Blocks that the cache has.", engine.numBlocks());
        metrics.gauge("kv_blocks_in_use", "Blocks that answers need now.", engine.numBlocksInUse());
        metrics.gauge(
                "kv_blocks_kept",
                "Blocks that only a later prompt may need.",
                engine.numBlocksKept());
        metrics.counter(
                "prefix_cache_queried_tokens",
                "Prompt tokens that were looked up in the cache.",
                engine.promptTokens());
        metrics.counter(
                "prefix_cache_hit_tokens",
                "Prompt tokens that were found in the cache.",
                engine.cachedPromptTokens());
    }

    private static void addPictures(LabelledMetrics metrics, MediaStatistics media) {
        metrics.gauge(
                "picture_pixels_per_second",
                "Rate at which pictures are encoded, as measured lately.",
                media.pixelsPerSecond());
        metrics.gauge(
                "media_pending",
                "Media and pictures of requests that are not encoded yet.",
                media.pending());
        metrics.gauge("encoder_cache_bytes", "Encoded pictures that are kept.", media.cacheBytes());
        metrics.counter(
                "encoder_cache_queries",
                "Pictures that were looked up in the encoder's cache.",
                media.cacheQueries());
        metrics.counter(
                "encoder_cache_hits",
                "Pictures that were found there or were on their way.",
                media.cacheHits());
        metrics.counter(
                "decoded_pictures",
                "Pictures, pages and frames whose pixels were decoded.",
                media.decodedPictures());
        metrics.counter("encoded_pictures", "Pictures that were encoded.", media.encodedPictures());
        metrics.counter("encoded_pixels", "Their pixels, as fitted.", media.encodedPixels());
        seconds(metrics, "fetch", media.fetches().seconds());
        seconds(metrics, "decode", media.decodeSeconds());
        seconds(metrics, "fit", media.fitSeconds());
        seconds(metrics, "encode", media.encodeSeconds());
    }

    private static void seconds(LabelledMetrics metrics, String stage, double seconds) {
        metrics.counter(
                "media_seconds",
                "Time that stages of media took, of all threads together.",
                seconds,
                "stage",
                stage);
    }

    private static void addFetches(LabelledMetrics metrics, FetchStatistics fetches) {
        metrics.counter("fetched_bytes", "Bytes that came from other hosts.", fetches.bytes());
        fetched(metrics, "fetched", fetches.fetched());
        fetched(metrics, "refused", fetches.refused());
        fetched(metrics, "failed", fetches.failed());
        fetched(metrics, "cancelled", fetches.cancelled());
    }

    private static void fetched(LabelledMetrics metrics, String outcome, long count) {
        metrics.counter(
                "fetches",
                "Media that were to be fetched from other hosts, by what became of it.",
                count,
                "outcome",
                outcome);
    }

    private static void addWorkers(LabelledMetrics metrics, WorkerStatistics workers) {
        metrics.gauge(
                "media_workers", "Processes that decode videos and documents.", workers.running());
        metrics.gauge("media_workers_busy", "Of these, the ones at work.", workers.busy());
        metrics.counter(
                "media_workers_started", "Such processes that were started.", workers.started());
        metrics.counter("media_commands", "Commands that they answered.", workers.commands());
        ended(metrics, "crashed", workers.crashed());
        ended(metrics, "too_slow", workers.killedForTime());
        ended(metrics, "nonsense", workers.killedForNonsense());
        ended(metrics, "abandoned", workers.abandoned());
    }

    private static void ended(LabelledMetrics metrics, String reason, long count) {
        metrics.counter(
                "media_workers_ended",
                "Such processes that ended in the middle of their work.",
                count,
                "reason",
                reason);
    }

    private static void addQueue(LabelledMetrics metrics, QueueStatistics queue) {
        metrics.gauge(
                "queued_tokens",
                "Prompt tokens of requests whose prompt is not computed yet.",
                queue.tokens());
        metrics.gauge(
                "queued_pixels",
                "Pixels of requests whose pictures are not encoded yet.",
                queue.pixels());
        metrics.gauge(
                "queued_tokens_limit",
                "Queued tokens beyond which requests are refused.",
                queue.maxTokens());
        metrics.gauge(
                "queued_pixels_limit",
                "Queued pixels beyond which requests are refused.",
                queue.maxPixels());
    }

    private static void addCancellations(LabelledMetrics metrics, ModelStatistics statistics) {
        EngineStatistics engine = statistics.engine();
        MediaStatistics media = statistics.media();
        cancelled(metrics, "download", media.fetches().cancelled());
        cancelled(metrics, "picture_decode", media.cancelledDecoding());
        cancelled(metrics, "picture_encode", media.cancelledEncoding());
        cancelled(metrics, "queue", engine.cancelledWaiting());
        cancelled(metrics, "prefill", engine.cancelledPrefilling());
        cancelled(metrics, "decode", engine.cancelledDecoding());
    }

    private static void cancelled(LabelledMetrics metrics, String stage, long count) {
        metrics.counter(
                "cancellations",
                "Work that was given up before its end, by the stage it was in.",
                count,
                "stage",
                stage);
    }
}
