package io.moonglass.server.load;

import io.moonglass.loader.fault.ConfigException;
import java.time.Duration;
import java.util.Optional;

/// How a load is put on a server.
///
/// @param model      the model's name; empty for the server's only one
/// @param numClients clients that ask at once
/// @param duration   how long they go on asking; empty for as long as the plan has requests
/// @param patience   how long a client waits for an answer before the request counts as failed
public record LoadSettings(
        Optional<String> model, int numClients, Optional<Duration> duration, Duration patience) {

    private static final int MAX_CLIENTS = 10_000;

    public LoadSettings {
        if (numClients < 1 || numClients > MAX_CLIENTS) {
            throw new ConfigException(
                    "%d clients at once; want 1 to %,d".formatted(numClients, MAX_CLIENTS));
        }
    }
}
