package io.moonglass.server.models;

import io.moonglass.loader.fault.ConfigException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// How many models are loaded at a time, and how long.
///
/// @param memoryBytes what loaded models may take together, as [ModelSource.Prepared#memoryBytes()] counts it; empty for
///                    no limit
/// @param idleSleep   after which a model that nobody uses is unloaded; empty to keep it
public record ModelPoolOptions(OptionalLong memoryBytes, Optional<Duration> idleSleep) {

    /// All models stay loaded.
    public static final ModelPoolOptions UNLIMITED =
            new ModelPoolOptions(OptionalLong.empty(), Optional.empty());

    public ModelPoolOptions {
        if (memoryBytes.orElse(1) < 1) {
            throw new ConfigException(
                    "models may take %d bytes; want a positive number"
                            .formatted(memoryBytes.getAsLong()));
        }
        if (idleSleep.filter(time -> !time.isPositive()).isPresent()) {
            throw new ConfigException(
                    "an idle model sleeps after %s; want a positive time"
                            .formatted(idleSleep.get()));
        }
    }
}
