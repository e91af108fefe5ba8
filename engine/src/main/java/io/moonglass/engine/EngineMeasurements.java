package io.moonglass.engine;

import io.moonglass.router.ExpertLoad;
import java.util.List;

/// How long an engine's steps take, and what its parts hold.
///
/// @param maxRunning sequences that may share the cache at once
/// @param blockBytes of one block of the cache
/// @param cacheBytes that the cache has taken from the system so far
/// @param steps      how long forward passes took, without those that were computed between their layers
/// @param tokenGaps  times between two tokens of one answer; those that were guessed come together
/// @param experts    of every sparse layer, in order
public record EngineMeasurements(
        int maxRunning,
        long blockBytes,
        long cacheBytes,
        DurationHistogram.Counts steps,
        DurationHistogram.Counts tokenGaps,
        List<ExpertLoad> experts) {

    /// Of an engine that has done nothing.
    public static final EngineMeasurements NONE =
            new EngineMeasurements(
                    1,
                    0,
                    0,
                    DurationHistogram.Counts.NONE,
                    DurationHistogram.Counts.NONE,
                    List.of());
}
