package io.moonglass.server.observe;

import io.moonglass.runtime.ModelStatistics;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/// What the server counts, and how that is told to Prometheus. Safe to use from any thread.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4.
public final class ServerMetrics {

    public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Counter requests =
            Counter.builder()
                    .name("moonglass_requests_total")
                    .help("Requests for an answer that have ended, by what became of them.")
                    .labelNames("outcome")
                    .register(registry);
    private final Counter refusals =
            Counter.builder()
                    .name("moonglass_refusals_total")
                    .help("Requests that were refused, but for health, by the code of their error.")
                    .labelNames("reason")
                    .register(registry);

    /// @param models             statistics of the models that are loaded, by name
    /// @param numRunningRequests requests that are being answered now
    public ServerMetrics(
            Supplier<Map<String, ModelStatistics>> models, IntSupplier numRunningRequests) {
        for (Outcome outcome : Outcome.values()) {
            requests.initLabelValues(outcome.label());
        }
        GaugeWithCallback.builder()
                .name("moonglass_requests_running")
                .help("Requests that are being answered, in whichever stage.")
                .callback(gauge -> gauge.call(numRunningRequests.getAsInt()))
                .register(registry);
        registry.register(new ModelMetrics(models));
    }

    /// Tells how many connections are open.
    public void tellConnections(IntSupplier numConnections) {
        GaugeWithCallback.builder()
                .name("moonglass_connections")
                .help("Connections of clients that are open, with a request or without.")
                .callback(gauge -> gauge.call(numConnections.getAsInt()))
                .register(registry);
    }

    /// Tells when the certificate that the server shows runs out.
    public void tellCertificateExpiry(Supplier<Instant> expiry) {
        GaugeWithCallback.builder()
                .name("moonglass_tls_certificate_expiry_timestamp_seconds")
                .help("When the first certificate of the chain that the server shows runs out.")
                .callback(gauge -> gauge.call(expiry.get().getEpochSecond()))
                .register(registry);
    }

    /// A request for an answer has ended.
    public void ended(Outcome outcome) {
        requests.labelValues(outcome.label()).inc();
    }

    /// A request was refused.
    ///
    /// @param reason the code of its error, of which there must be few
    public void refused(String reason) {
        refusals.labelValues(reason).inc();
    }

    /// All metrics as they are now, of type [#CONTENT_TYPE].
    public byte[] exposition() {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(text, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be written to", e);
        }
        return text.toByteArray();
    }
}
