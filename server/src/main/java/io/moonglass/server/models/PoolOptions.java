package io.moonglass.server.models;

import io.moonglass.loader.fault.ConfigException;
import java.time.Duration;
import java.util.Optional;

/// How much memory the models of a server may take, and for how long they stay.
///
/// @param maxBytes of all that are loaded at once; one alone may be larger
/// @param idle     after which a model that nobody uses is unloaded; empty to keep it
public record PoolOptions(long maxBytes, Optional<Duration> idle) {

    public static final PoolOptions UNLIMITED = new PoolOptions(Long.MAX_VALUE, Optional.empty());

    public PoolOptions {
        if (maxBytes < 1 || idle.filter(time -> !time.isPositive()).isPresent()) {
            throw new ConfigException(
                    "memory for models is %d bytes and their idle time %s; want positive ones"
                            .formatted(maxBytes, idle.map(Duration::toString).orElse("unlimited")));
        }
    }
}
