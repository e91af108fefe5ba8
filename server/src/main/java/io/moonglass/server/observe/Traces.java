package io.moonglass.server.observe;

import io.moonglass.loader.fault.ConfigException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/// Traces of requests for an answer. Safe to use from any thread.
public interface Traces extends AutoCloseable {

    /// The trace of one request. Used by the request's thread alone.
    interface Trace {

        /// Of a request that is no part of any.
        Trace NONE =
                new Trace() {
                    @Override
                    public Optional<String> id() {
                        return Optional.empty();
                    }

                    @Override
                    public void end(RequestReport report) {}
                };

        /// Its id, 32 hexadecimal digits; empty if the request is a part of no trace.
        Optional<String> id();

        /// The request has ended.
        void end(RequestReport report);
    }

    /// A request begins.
    ///
    /// @param headers a header of it by its name
    Trace begin(Instant at, Function<String, Optional<String>> headers);

    /// Spans that no collector has taken, and that are gone.
    long numDropped();

    /// Sends what is left, for a few seconds at most.
    @Override
    void close();

    /// Traces that go to a collector, or none at all. None of the library's classes is loaded where it has nothing to do.
    ///
    /// @throws ConfigException if a file of headers cannot be used
    static Traces open(Optional<TraceOptions> options) {
        // a reference to the constructor would load the class to make itself
        return options.isPresent() ? new OtlpTraces(options.get()) : new NoTraces();
    }
}
