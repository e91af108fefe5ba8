package io.moonglass.server.observe;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Label;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Some metrics once more under the names that vLLM has for them, which routers, autoscalers and dashboards know.
///
/// Source: vLLM, "Metrics"; llm-d-router, `docs/plugin-metric-protocol.md`.
final class VllmAliases {

    /// An outcome whose requests alone count; others' times would say little of answers.
    private static final Label COMPLETED = new Label("outcome", Outcome.COMPLETED.label());

    /// vLLM's names, without their `_total` and `_info`, of our own.
    private static final Map<String, String> NAMES =
            Map.ofEntries(
                    Map.entry("moonglass_requests_waiting", "vllm:num_requests_waiting"),
                    Map.entry("moonglass_sequences_running", "vllm:num_requests_running"),
                    Map.entry("moonglass_kv_cache_usage_ratio", "vllm:kv_cache_usage_perc"),
                    Map.entry("moonglass_kv_cache", "vllm:cache_config"),
                    Map.entry("moonglass_prefix_cache_queried_tokens", "vllm:prefix_cache_queries"),
                    Map.entry("moonglass_prefix_cache_hit_tokens", "vllm:prefix_cache_hits"),
                    Map.entry(
                            "moonglass_time_to_first_token_seconds",
                            "vllm:time_to_first_token_seconds"),
                    Map.entry(
                            "moonglass_inter_token_latency_seconds",
                            "vllm:inter_token_latency_seconds"),
                    Map.entry(
                            "moonglass_request_duration_seconds",
                            "vllm:e2e_request_latency_seconds"),
                    Map.entry("moonglass_answers", "vllm:request_success"),
                    Map.entry("moonglass_generated_tokens", "vllm:generation_tokens"),
                    Map.entry("moonglass_prompt_tokens", "vllm:prompt_tokens"));

    private static final Map<String, String> LABELS =
            Map.of(
                    "model", "model_name",
                    "reason", "finished_reason",
                    "num_blocks", "num_gpu_blocks");

    private static final Map<String, String> VALUES = Map.of("cancelled", "abort");

    private VllmAliases() {}

    /// These, and the aliases behind them.
    static MetricSnapshots with(MetricSnapshots own) {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        own.forEach(all::metricSnapshot);
        own.stream().map(VllmAliases::alias).flatMap(Optional::stream).forEach(all::metricSnapshot);
        return all.build();
    }

    private static Optional<MetricSnapshot> alias(MetricSnapshot own) {
        String ownName = own.getMetadata().getName();
        String name = NAMES.get(ownName);
        if (name == null) {
            return Optional.empty();
        }
        MetricMetadata metadata =
                new MetricMetadata(
                        name, "%s (%s*)".formatted(own.getMetadata().getHelp(), ownName));
        return Optional.of(
                switch (own) {
                    case GaugeSnapshot gauge ->
                            new GaugeSnapshot(
                                    metadata,
                                    gauge.getDataPoints().stream()
                                            .map(point ->
                                                    new GaugeDataPointSnapshot(
                                                            point.getValue(), labels(point), null))
                                            .toList());
                    case CounterSnapshot counter ->
                            new CounterSnapshot(
                                    metadata,
                                    counter.getDataPoints().stream()
                                            .map(point ->
                                                    CounterDataPointSnapshot.builder()
                                                            .value(point.getValue())
                                                            .labels(labels(point))
                                                            .build())
                                            .toList());
                    case HistogramSnapshot histogram ->
                            new HistogramSnapshot(metadata, points(histogram));
                    case InfoSnapshot info ->
                            new InfoSnapshot(
                                    metadata,
                                    info.getDataPoints().stream()
                                            .map(point -> new InfoDataPointSnapshot(labels(point)))
                                            .toList());
                    default ->
                            throw new IllegalStateException(
                                    "no alias can be made of " + own.getClass());
                });
    }

    private static List<HistogramDataPointSnapshot> points(HistogramSnapshot histogram) {
        return histogram.getDataPoints().stream()
                .filter(point ->
                        !point.getLabels().contains(COMPLETED.getName())
                                || point.getLabels().stream().anyMatch(COMPLETED::equals))
                .map(point ->
                        HistogramDataPointSnapshot.builder()
                                .classicHistogramBuckets(point.getClassicBuckets())
                                .labels(labels(point))
                                .sum(point.getSum())
                                .build())
                .map(HistogramDataPointSnapshot.class::cast)
                .toList();
    }

    private static Labels labels(DataPointSnapshot point) {
        Labels.Builder labels = Labels.builder();
        for (Label label : point.getLabels()) {
            if (!label.getName().equals(COMPLETED.getName())) {
                labels.label(
                        LABELS.getOrDefault(label.getName(), label.getName()),
                        VALUES.getOrDefault(label.getValue(), label.getValue()));
            }
        }
        return labels.build();
    }
}
