package io.moonglass.server.observe;

import io.moonglass.engine.DurationHistogram;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.Map;

/// Metrics that are collected model by model and told metric by metric.
final class LabelledMetrics {

    private static final String PREFIX = "moonglass_";

    private final Map<String, GaugeSnapshot.Builder> gauges = new LinkedHashMap<>();
    private final Map<String, CounterSnapshot.Builder> counters = new LinkedHashMap<>();
    private final Map<String, InfoSnapshot.Builder> infos = new LinkedHashMap<>();
    private final Map<String, HistogramSnapshot.Builder> histograms = new LinkedHashMap<>();
    private Labels labels = Labels.EMPTY;

    /// What comes now is this model's.
    void of(String model) {
        labels = Labels.of("model", model);
    }

    void gauge(String name, String help, double value) {
        gauges.computeIfAbsent(name, _ -> GaugeSnapshot.builder().name(PREFIX + name).help(help))
                .dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(value).build());
    }

    void gauge(String name, String help, double value, String label, String labelValue) {
        gauges.computeIfAbsent(name, _ -> GaugeSnapshot.builder().name(PREFIX + name).help(help))
                .dataPoint(
                        GaugeDataPointSnapshot.builder()
                                .labels(labels.add(label, labelValue))
                                .value(value)
                                .build());
    }

    /// @param name  without the `_info` that the format puts behind it
    /// @param about what is told, beside the model
    void info(String name, String help, Labels about) {
        infos.computeIfAbsent(name, _ -> InfoSnapshot.builder().name(PREFIX + name).help(help))
                .dataPoint(InfoDataPointSnapshot.builder().labels(labels.merge(about)).build());
    }

    void histogram(String name, String help, DurationHistogram.Counts durations) {
        histograms
                .computeIfAbsent(
                        name, _ -> HistogramSnapshot.builder().name(PREFIX + name).help(help))
                .dataPoint(
                        HistogramDataPointSnapshot.builder()
                                .labels(labels)
                                .classicHistogramBuckets(
                                        ClassicHistogramBuckets.of(
                                                durations.bounds(), durations.counts()))
                                .sum(durations.sumSeconds())
                                .build());
    }

    /// @param name without the `_total` that the format puts behind it
    void counter(String name, String help, double value) {
        add(name, help, value, labels);
    }

    /// One of several counts of one name, told apart by one more label.
    void counter(String name, String help, double value, String label, String labelValue) {
        add(name, help, value, labels.add(label, labelValue));
    }

    /// The same, told apart by several.
    void counter(String name, String help, double value, Labels more) {
        add(name, help, value, labels.merge(more));
    }

    private void add(String name, String help, double value, Labels all) {
        counters.computeIfAbsent(
                        name, _ -> CounterSnapshot.builder().name(PREFIX + name).help(help))
                .dataPoint(CounterDataPointSnapshot.builder().labels(all).value(value).build());
    }

    MetricSnapshots snapshots() {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        gauges.values().forEach(gauge -> all.metricSnapshot(gauge.build()));
        counters.values().forEach(counter -> all.metricSnapshot(counter.build()));
        infos.values().forEach(info -> all.metricSnapshot(info.build()));
        histograms.values().forEach(histogram -> all.metricSnapshot(histogram.build()));
        return all.build();
    }
}
