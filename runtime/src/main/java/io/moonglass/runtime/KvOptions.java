package io.moonglass.runtime;

import io.moonglass.engine.CacheType;
import java.util.Optional;
import java.util.OptionalLong;

/// Where keys and values of tokens are kept.
///
/// @param memory bytes; empty for half of what is available beside the weights
/// @param type   empty for floats where no weight is quantised, and for bfloat16 where some are
public record KvOptions(OptionalLong memory, Optional<CacheType> type) {

    public static final KvOptions DEFAULT = new KvOptions(OptionalLong.empty(), Optional.empty());

    public KvOptions withMemory(long value) {
        return new KvOptions(OptionalLong.of(value), type);
    }

    public KvOptions withType(CacheType value) {
        return new KvOptions(memory, Optional.of(value));
    }
}
