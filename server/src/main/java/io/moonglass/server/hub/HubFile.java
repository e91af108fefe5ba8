package io.moonglass.server.hub;

/// A file of a repository, as the hub lists it.
///
/// @param name without a folder
/// @param size in bytes
record HubFile(String name, long size, FileHash hash) {}
