package io.moonglass.runtime.admission;

/// What waits now, and how much may.
///
/// @param tokens    prompt tokens of requests whose prompt is not computed yet
/// @param pixels    pixels, as fitted, of requests whose pictures are not encoded yet
/// @param maxTokens beyond these a request is refused
/// @param maxPixels the same for pixels
public record QueueStatistics(long tokens, long pixels, long maxTokens, long maxPixels) {}
