package io.moonglass.server.load;

import io.moonglass.loader.config.ConfigSection;
import java.time.Duration;
import java.util.random.RandomGenerator;

/// What passes between an answer and its reader's next request.
///
/// @param isExponential whether the times are spread exponentially around the mean, as those of many readers who
///                      know nothing of each other; else all are alike
record ThinkTime(Duration mean, boolean isExponential) {

    static final ThinkTime NONE = new ThinkTime(Duration.ZERO, false);

    static ThinkTime from(ConfigSection section) {
        KnownKeys.check(section, "seconds", "distribution");
        String distribution = section.string("distribution", "fixed");
        return new ThinkTime(
                ofSeconds(section.positiveNumber("seconds")),
                switch (distribution) {
                    case "fixed" -> false;
                    case "exponential" -> true;
                    default -> throw section.wrong("distribution", "\"fixed\" or \"exponential\"");
                });
    }

    Duration draw(RandomGenerator random) {
        return isExponential ? ofSeconds(random.nextExponential() * mean.toNanos() / 1e9) : mean;
    }

    private static Duration ofSeconds(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }
}
