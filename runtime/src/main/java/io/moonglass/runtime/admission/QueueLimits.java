package io.moonglass.runtime.admission;

import io.moonglass.loader.fault.ConfigException;
import java.util.OptionalLong;

/// How much work may wait before a request is refused. What waits is what a patient client waits for.
///
/// @param maxTokens prompt tokens that are not computed yet; empty for four times the model's context
/// @param maxPixels pixels of pictures, as fitted, that are not encoded yet
public record QueueLimits(OptionalLong maxTokens, long maxPixels) {

    /// About ten minutes of pictures on two cores.
    public static final QueueLimits DEFAULT = new QueueLimits(OptionalLong.empty(), 1L << 25);

    private static final int DEFAULT_CONTEXTS = 4;

    public QueueLimits {
        if (maxTokens.orElse(1) < 1 || maxPixels < 1) {
            throw new ConfigException(
                    "queue limits of %d tokens and %d pixels; want 1 or more of both"
                            .formatted(maxTokens.orElse(1), maxPixels));
        }
    }

    /// The limit for a model of this context length.
    long maxTokens(int contextLength) {
        return maxTokens.orElse((long) DEFAULT_CONTEXTS * contextLength);
    }

    public QueueLimits withMaxTokens(long value) {
        return new QueueLimits(OptionalLong.of(value), maxPixels);
    }

    public QueueLimits withMaxPixels(long value) {
        return new QueueLimits(maxTokens, value);
    }
}
