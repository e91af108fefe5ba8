package io.moonglass.server.models;

import io.moonglass.runtime.ModelStatistics;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/// How one of the pool's models stands.
///
/// @param since         when it was loaded last, or became known where it never was
/// @param contextLength empty while it is not known
/// @param numLeases     requests that use it now
/// @param memoryBytes   what it takes, as it is counted; 0 while it is not loaded
/// @param numLoads      how often it was loaded
/// @param numFailures   how often that failed
/// @param statistics    empty while it is not loaded
public record ModelStatus(
        String name,
        ModelState state,
        Instant since,
        OptionalInt contextLength,
        int numLeases,
        long memoryBytes,
        long numLoads,
        long numFailures,
        Optional<ModelStatistics> statistics) {}
