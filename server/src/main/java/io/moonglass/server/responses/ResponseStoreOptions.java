package io.moonglass.server.responses;

import io.moonglass.loader.fault.ConfigException;
import java.nio.file.Path;
import java.time.Duration;

/// Where responses are kept, how many and how long.
///
/// @param directory  one server's alone
/// @param quotaBytes for each API key's responses together
/// @param expiry     after which a response is dropped that nobody has used
public record ResponseStoreOptions(Path directory, long quotaBytes, Duration expiry) {

    public ResponseStoreOptions {
        if (quotaBytes < 1 || !expiry.isPositive()) {
            throw new ConfigException(
                    "responses of a key may take %d bytes and stay %s; want positive values"
                            .formatted(quotaBytes, expiry));
        }
    }
}
