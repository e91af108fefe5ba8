package io.moonglass.server.observe;

import io.moonglass.runtime.RequestTimeline;
import io.moonglass.server.http.Version;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// Traces that go to a collector by OTLP over HTTP: a span for each request, with a child for each of its stages, made
/// when the request has ended.
final class OtlpTraces implements Traces {

    private static final System.Logger LOG = System.getLogger(OtlpTraces.class.getName());

    /// Of some 400 requests.
    private static final int MAX_WAITING = 4_096;

    private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

    /// Kubernetes waits for us when the server stops.
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

    private final SpanQueue queue;
    private final SdkTracerProvider provider;
    private final Tracer tracer;

    OtlpTraces(TraceOptions options) {
        OtlpHttpSpanExporterBuilder exporter =
                OtlpHttpSpanExporter.builder()
                        .setEndpoint(options.endpoint().toString())
                        .setCompression("gzip")
                        .setConnectTimeout(CONNECT_TIMEOUT)
                        .setTimeout(EXPORT_TIMEOUT);
        options.headersFile().map(HeadersFile::new).ifPresent(exporter::setHeaders);
        queue =
                new SpanQueue(
                        exporter.build(),
                        options.endpoint().toString(),
                        MAX_WAITING,
                        EXPORT_TIMEOUT);
        provider =
                SdkTracerProvider.builder()
                        .setResource(resource())
                        .setSampler(
                                Sampler.parentBased(
                                        Sampler.traceIdRatioBased(options.sampleRatio())))
                        .setSpanLimits(
                                SpanLimits.builder().setMaxAttributeValueLength(1_024).build())
                        .addSpanProcessor(queue)
                        .build();
        tracer = provider.get("io.moonglass", Version.VERSION);
    }

    private static Resource resource() {
        return Resource.getDefault()
                .merge(
                        Resource.create(
                                Attributes.builder()
                                        .put("service.name", "moonglass")
                                        .put("service.version", Version.VERSION)
                                        .put("service.instance.id", UUID.randomUUID().toString())
                                        .put("process.pid", ProcessHandle.current().pid())
                                        .build()));
    }

    @Override
    public Trace begin(Instant at, Function<String, Optional<String>> headers) {
        return new SpanTrace(
                tracer.spanBuilder("request")
                        .setParent(TraceParent.of(headers))
                        .setSpanKind(SpanKind.SERVER)
                        .setStartTimestamp(at)
                        .startSpan());
    }

    private final class SpanTrace implements Trace {

        private final Span span;

        SpanTrace(Span span) {
            this.span = span;
        }

        @Override
        public Optional<String> id() {
            return Optional.of(span.getSpanContext().getTraceId());
        }

        @Override
        public void end(RequestReport report) {
            RequestTimeline timeline = report.timeline();
            if (span.isRecording()) {
                span.updateName(RequestAttributes.spanName(report));
                span.setAllAttributes(RequestAttributes.of(report));
                if (report.outcome() != Outcome.COMPLETED) {
                    span.setStatus(StatusCode.ERROR, RequestAttributes.errorType(report));
                }
                timeline.periods().forEach(this::addStage);
            }
            span.end(timeline.begin().plus(timeline.length()));
        }

        private void addStage(RequestTimeline.Period period) {
            tracer.spanBuilder(period.stage().label())
                    .setParent(Context.root().with(span))
                    .setSpanKind(SpanKind.INTERNAL)
                    .setStartTimestamp(period.begin())
                    .setAttribute("moonglass.active_seconds", period.active().toNanos() / 1e9)
                    .setAttribute("moonglass.work_seconds", period.work().toNanos() / 1e9)
                    .startSpan()
                    .end(period.begin().plus(period.length()));
        }
    }

    @Override
    public long numDropped() {
        return queue.numDropped();
    }

    @Override
    public void close() {
        CompletableResultCode ending = provider.shutdown();
        if (!ending.join(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).isSuccess()) {
            LOG.log(System.Logger.Level.WARNING, "the last spans did not reach the collector");
        }
    }
}
