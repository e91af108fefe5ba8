package io.moonglass.runtime.fetch;

/// What became of fetches; every number only grows.
///
/// @param fetched   that ended well
/// @param bytes     of bodies, also of those that did not end well
/// @param seconds   that those which ended well took together
/// @param refused   for their address, their size, or because too much was being fetched
/// @param failed    because of their server
/// @param cancelled that somebody gave up
public record FetchStatistics(
        long fetched, long bytes, double seconds, long refused, long failed, long cancelled) {}
