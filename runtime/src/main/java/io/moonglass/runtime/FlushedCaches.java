package io.moonglass.runtime;

/// What was dropped from a model's caches.
///
/// @param prefixBlocks blocks of keys and values, whose memory stays the model's for other prompts
/// @param encoderBytes bytes of encoded pictures, which the system has again
public record FlushedCaches(int prefixBlocks, long encoderBytes) {

    public static final FlushedCaches NONE = new FlushedCaches(0, 0);
}
