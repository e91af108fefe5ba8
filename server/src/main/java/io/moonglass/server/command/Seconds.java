package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import java.time.Duration;

/// Times on the command line.
final class Seconds {

    private Seconds() {}

    /// @param option that the time is given with
    /// @throws ConfigException if it is not above 0, or more than `most`
    static Duration of(String option, double seconds, long most) {
        if (!(seconds > 0 && seconds <= most)) {
            throw new ConfigException(
                    "%s is %s; want seconds, above 0 and at most %,d"
                            .formatted(option, seconds, most));
        }
        return Duration.ofNanos((long) Math.ceil(seconds * 1e9));
    }
}
