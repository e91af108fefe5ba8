package io.moonglass.server.models;

import java.util.OptionalInt;

/// A model as a server's list tells of it.
///
/// @param since         when it was loaded last, or the server started, in seconds since 1970
/// @param contextLength empty if it was never loaded
public record ModelStatus(String name, ModelState state, long since, OptionalInt contextLength) {}
