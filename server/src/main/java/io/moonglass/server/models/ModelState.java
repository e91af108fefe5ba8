package io.moonglass.server.models;

import java.util.Locale;

/// Where a model is between disk and memory.
public enum ModelState {
    UNLOADED,
    LOADING,
    LOADED,
    UNLOADING;

    /// As answers spell it.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
