package io.moonglass.runtime.djl;

import io.moonglass.clients.MoonglassClient;

/// Where a model comes from.
interface ModelSource {

    /// @param client asks it
    /// @param close  gives back what it holds
    record Opened(MoonglassClient client, Runnable close) {}

    /// Loads it, if it is not there.
    Opened open();
}
