package io.moonglass.engine;

import java.time.Duration;

/// Measures steps, and says how many prompt tokens the next one may hold so that it takes about as long
/// as it should. Written by the engine's thread, read by any.
final class StepClock {

    /// Prompt tokens that a step holds in any case, or prompts would never end beside many streams.
    private static final int LEAST_TOKENS = 16;

    /// Prompt tokens from which a step says something about their rate.
    private static final int TELLING_TOKENS = 8;

    /// How much the newest measurement counts.
    private static final double NEWEST = 0.3;

    private final Duration stepTime;
    private double secondsOfDecoding;
    private volatile double secondsPerPromptToken;

    /// @param stepTime how long a step may take
    StepClock(Duration stepTime) {
        this.stepTime = stepTime;
    }

    /// @param decodes    whether sequences decode in it
    /// @param numParties those who share its time in equal parts, the step included
    /// @param most       tokens that fit
    int promptTokens(boolean decodes, int numParties, int most) {
        if (secondsPerPromptToken == 0) {
            return most;
        }
        double seconds = stepTime.toNanos() / 1e9 / numParties;
        double left = seconds - (decodes ? secondsOfDecoding : 0);
        double tokens = left / secondsPerPromptToken;
        // Whole blocks, so that the next chunk can be one that somebody else has computed.
        int blocks = (int) Math.min(tokens / KvCache.BLOCK_SIZE, most);
        return Math.clamp((long) blocks * KvCache.BLOCK_SIZE, Math.min(LEAST_TOKENS, most), most);
    }

    void measured(int numPromptTokens, boolean decoded, double seconds) {
        if (numPromptTokens == 0) {
            secondsOfDecoding = mix(secondsOfDecoding, seconds);
        } else if (numPromptTokens >= TELLING_TOKENS) {
            double decoding = decoded ? Math.min(secondsOfDecoding, seconds / 2) : 0;
            secondsPerPromptToken =
                    mix(secondsPerPromptToken, (seconds - decoding) / numPromptTokens);
        }
    }

    /// As measured lately; 0 before the first measurement. Any thread.
    double promptTokensPerSecond() {
        double seconds = secondsPerPromptToken;
        return seconds == 0 ? 0 : 1 / seconds;
    }

    private static double mix(double before, double newest) {
        return before == 0 ? newest : (1 - NEWEST) * before + NEWEST * newest;
    }
}
