package io.moonglass.server.observe;

import io.moonglass.runtime.RequestTimeline;
import io.moonglass.server.files.FileStatistics;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.MachineMemory;
import io.moonglass.tensor.Workspace;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/// What the server counts and measures, and how that is told to Prometheus. Safe to use from any thread.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4.
public final class ServerMetrics {

    public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final RequestMetrics requests = new RequestMetrics(registry);
    private final ServerProbes probes;

    /// @param version       of this build
    /// @param expertMetrics whether the tokens of every expert of every layer are told, which are many figures
    public ServerMetrics(ServerProbes probes, String version, boolean expertMetrics) {
        this.probes = probes;
        info("moonglass_build_info", "The version of the server.", "version", version);
        info(
                "moonglass_kernels_info",
                "What the server computes with.",
                "kernels",
                Kernels.implementation());
        gauge(
                "requests_running",
                "Requests that are being answered, in whichever stage.",
                probes.runningRequests()::getAsInt);
        gauge("connections", "Open connections.", probes.connections()::getAsInt);
        gauge(
                "ready",
                "Whether requests can be answered: 1 if so, else 0.",
                () -> probes.ready().getAsBoolean() ? 1 : 0);
        gauge(
                "stopping",
                "Whether the server stops and takes no more requests: 1 if so, else 0.",
                () -> probes.stopping().getAsBoolean() ? 1 : 0);
        gauge(
                "direct_memory_bytes",
                "Memory outside the heap of caches, activations and direct buffers.",
                this::directMemoryBytes);
        gauge(
                "resident_bytes",
                "Memory of the process, without swap: anonymous, or mapped from files.",
                ServerMetrics::addResident,
                "kind");
        addCertificate();
        addFiles();
        JvmMetrics.builder().register(registry);
        registry.register(new ModelMetrics(probes.models(), requests.active(), expertMetrics));
    }

    private void info(String name, String help, String label, String value) {
        Info.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .register(registry)
                .addLabelValues(value);
    }

    private void gauge(String name, String help, DoubleSupplier value) {
        gauge(name, help, gauge -> gauge.call(value.getAsDouble()));
    }

    private void gauge(
            String name,
            String help,
            Consumer<GaugeWithCallback.Callback> callback,
            String... labels) {
        GaugeWithCallback.builder()
                .name("moonglass_" + name)
                .help(help)
                .labelNames(labels)
                .callback(callback)
                .register(registry);
    }

    /// The JVM does not count what `java.lang.foreign` allocates, which is most of it.
    private long directMemoryBytes() {
        long buffers =
                ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                        .filter(pool -> pool.getName().equals("direct"))
                        .mapToLong(BufferPoolMXBean::getMemoryUsed)
                        .sum();
        long caches =
                probes.models().get().values().stream()
                        .mapToLong(model ->
                                model.engine().measurements().cacheBytes()
                                        + model.media().cacheBytes())
                        .sum();
        return buffers + Workspace.bytesOfAll() + caches;
    }

    private static void addResident(GaugeWithCallback.Callback gauge) {
        MachineMemory.anonymousBytes().ifPresent(bytes -> gauge.call(bytes, "anonymous"));
        MachineMemory.mappedBytes().ifPresent(bytes -> gauge.call(bytes, "mapped"));
    }

    private void addCertificate() {
        gauge(
                "tls_certificate_expiry_timestamp_seconds",
                "When the certificate that clients are shown expires, in seconds since 1970.",
                gauge ->
                        probes.certificateExpiry()
                                .get()
                                .ifPresent(expiry -> gauge.call(expiry.getEpochSecond())));
    }

    private void addFiles() {
        gauge(
                "file_bytes",
                "Uploaded files that are kept, those on their way included.",
                gauge -> probes.files().get().ifPresent(files -> gauge.call(files.bytes())));
        fileCounter("file_hits", "References to files that were there.", FileStatistics::hits);
        fileCounter(
                "file_misses",
                "References to files that were not there, or no more.",
                FileStatistics::misses);
    }

    private void fileCounter(String name, String help, ToLongFunction<FileStatistics> count) {
        CounterWithCallback.builder()
                .name("moonglass_" + name)
                .help(help)
                .callback(counter ->
                        probes.files()
                                .get()
                                .ifPresent(files -> counter.call(count.applyAsLong(files))))
                .register(registry);
    }

    /// The first token of a request was chosen.
    public void firstToken(RequestTimeline timeline) {
        requests.firstToken(timeline);
    }

    /// A request for an answer has begun. [#ended] follows in any case.
    public void began(RequestTimeline timeline) {
        requests.began(timeline);
    }

    /// All that will be sent was sent, or the request was given up.
    public void ended(RequestReport request) {
        requests.ended(request);
    }

    /// Spans that no collector has taken are told of, too. To be called once.
    public void tellDroppedSpans(LongSupplier numDropped) {
        CounterWithCallback.builder()
                .name("moonglass_spans_dropped_total")
                .help("Spans of traces that were dropped, because no collector took them in time.")
                .callback(counter -> counter.call(numDropped.getAsLong()))
                .register(registry);
    }

    /// A request was refused.
    ///
    /// @param reason the code of its error, of which there must be few
    public void refused(String reason) {
        requests.refused(reason);
    }

    /// All metrics as they are now, of type [#CONTENT_TYPE].
    public byte[] exposition() {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        MetricSnapshots own = registry.scrape();
        try {
            PrometheusTextFormatWriter.create().write(text, VllmAliases.with(own));
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be written to", e);
        }
        return text.toByteArray();
    }
}
