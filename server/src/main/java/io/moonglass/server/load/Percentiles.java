package io.moonglass.server.load;

/// How times are spread, in seconds.
///
/// @param count how many times there are
/// @param p50   half of the times are no longer; `p90` and `p99` accordingly
public record Percentiles(long count, double p50, double p90, double p99, double max) {}
