package io.moonglass.server.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.moonglass.server.observe.EngineWatch;
import io.moonglass.server.observe.MemoryFaults;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What probes are told, each of the three something else: whether it has started, which it stays; whether it takes
/// requests, which a busy server does and a stopping one does not; whether it is worth keeping.
final class Health {

    private static final String LOADING = "model_loading";
    private static final Duration SOON = Duration.ofSeconds(5);

    private final ServedModel served;
    private final OpenExchanges exchanges;
    private final EngineWatch watch;
    private final MemoryFaults memory;

    /// @param reason null if it is up
    private record Status(
            String status, @JsonInclude(JsonInclude.Include.NON_NULL) String reason) {}

    Health(ServedModel served, OpenExchanges exchanges, EngineWatch watch, MemoryFaults memory) {
        this.served = served;
        this.exchanges = exchanges;
        this.watch = watch;
        this.memory = memory;
    }

    List<Route> routes() {
        return List.of(
                Route.open("/health", (exchange, _) -> tell(exchange, whyNotReady())),
                Route.open("/health/started", (exchange, _) -> tell(exchange, whyNotStarted())),
                Route.open("/health/ready", (exchange, _) -> tell(exchange, whyNotReady())),
                Route.open("/health/live", (exchange, _) -> tell(exchange, whyNotLive())));
    }

    /// Whether it takes requests.
    boolean isReady() {
        return whyNotReady().isEmpty();
    }

    private Optional<String> whyNotStarted() {
        return served.hasStarted() ? Optional.empty() : Optional.of(LOADING);
    }

    private Optional<String> whyNotReady() {
        if (exchanges.isStopping()) {
            return Optional.of(HttpFault.SHUTTING_DOWN);
        }
        if (watch.isStuck(served.statistics())) {
            return Optional.of("engine_stuck");
        }
        return whyNotStarted().or(this::whyNotLive);
    }

    private Optional<String> whyNotLive() {
        return memory.isExhausted() ? Optional.of("memory_exhausted") : Optional.empty();
    }

    private static void tell(Exchange exchange, Optional<String> whyNot) {
        if (whyNot.isEmpty()) {
            exchange.answer(new Status("UP", null));
        } else {
            exchange.answerUnavailable(new Status("DOWN", whyNot.get()), SOON);
        }
    }
}
