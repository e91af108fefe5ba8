package io.moonglass.server.http;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.runtime.FlushedCaches;
import io.moonglass.runtime.ModelCache;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Empties what models keep for requests that come again. What a running request uses stays.
final class CacheRoute {

    private final ServedModel served;

    @JsonNaming(SnakeCaseStrategy.class)
    private record Flushed(String model, int prefixBlocks, long encoderBytes) {
        static Flushed of(String model, FlushedCaches flushed) {
            return new Flushed(model, flushed.prefixBlocks(), flushed.encoderBytes());
        }
    }

    private record FlushedModels(List<Flushed> flushed) {}

    CacheRoute(ServedModel served) {
        this.served = served;
    }

    Route route() {
        return Route.keyed("POST", "/cache/flush", (exchange, _) -> flush(exchange));
    }

    private void flush(Exchange exchange) {
        Set<ModelCache> caches = caches(exchange.query("cache"));
        exchange.answer(
                new FlushedModels(
                        served.pool().flush(caches).entrySet().stream()
                                .map(model -> Flushed.of(model.getKey(), model.getValue()))
                                .toList()));
    }

    private static Set<ModelCache> caches(Optional<String> asked) {
        return switch (asked.orElse("all")) {
            case "all" -> EnumSet.allOf(ModelCache.class);
            case "prefix" -> EnumSet.of(ModelCache.PREFIX);
            case "encoder" -> EnumSet.of(ModelCache.ENCODER);
            default ->
                    throw HttpFault.invalidValue(
                            "cache", "cache is none of these; want prefix, encoder or all");
        };
    }
}
