package io.moonglass.server.observe;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.Map;

/// Metrics that are collected model by model and told metric by metric.
final class LabelledMetrics {

    private static final String PREFIX = "moonglass_";

    private final Map<String, GaugeSnapshot.Builder> gauges = new LinkedHashMap<>();
    private final Map<String, CounterSnapshot.Builder> counters = new LinkedHashMap<>();
    private Labels labels = Labels.EMPTY;

    /// What comes now is this model's.
    void of(String model) {
        labels = Labels.of("model", model);
    }

    void gauge(String name, String help, double value) {
        gauges.computeIfAbsent(name, _ -> GaugeSnapshot.builder().name(PREFIX + name).help(help))
                .dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(value).build());
    }

    /// @param name without the `_total` that the format puts behind it
    void counter(String name, String help, double value) {
        add(name, help, value, labels);
    }

    /// One of several counts of one name, told apart by one more label.
    void counter(String name, String help, double value, String label, String labelValue) {
        add(name, help, value, labels.add(label, labelValue));
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
        return all.build();
    }
}
