package io.moonglass.server.files;

/// How a [FileStore] stands.
///
/// @param bytes  of all tenants' files, those that are being uploaded too
/// @param hits   references to files that were there
/// @param misses references to files that were not, or no more
public record FileStatistics(long bytes, long hits, long misses) {}
