package io.moonglass.server.models;

/// How a model of a server stands.
public enum ModelState {
    /// It takes no memory; the next request loads it.
    UNLOADED,
    LOADING,
    LOADED
}
