package io.moonglass.server.observe;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// The trace that a request's caller is in. One that is not as it should be is taken for none.
///
/// Source: W3C Trace Context.
final class TraceParent {

    static final String HEADER = "traceparent";

    private TraceParent() {}

    private static final TextMapGetter<Function<String, Optional<String>>> GETTER =
            new TextMapGetter<>() {
                @Override
                public Iterable<String> keys(Function<String, Optional<String>> headers) {
                    return List.of(HEADER, "tracestate");
                }

                @Override
                public String get(Function<String, Optional<String>> headers, String name) {
                    return headers.apply(name).orElse(null);
                }
            };

    /// @param headers a header by its name
    static Context of(Function<String, Optional<String>> headers) {
        return W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, GETTER);
    }

    /// The id of a context's trace; empty if it is in none.
    static Optional<String> idIn(Context context) {
        SpanContext span = Span.fromContext(context).getSpanContext();
        return span.isValid() ? Optional.of(span.getTraceId()) : Optional.empty();
    }
}
