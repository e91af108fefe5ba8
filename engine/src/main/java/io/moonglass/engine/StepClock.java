package io.moonglass.engine;

import java.time.Duration;

/// Measures steps, and says how many prompt tokens the next one may hold so that it takes about as long
/// as it should. A step's time is taken to be a line over its rows, fitted to the last ones: reading the
/// weights takes a time of its own, however few rows there are. Written by the engine's thread, read by
/// any.
final class StepClock {

    /// Prompt tokens that a step holds in any case, or prompts would never end beside many streams.
    private static final int LEAST_TOKENS = 16;

    /// Prompt tokens from which a step says something about their rate.
    private static final int TELLING_TOKENS = 8;

    /// What a step counts beside the one after it.
    private static final double FADING = 0.92;

    /// Variance of rows, in parts of their mean's square, from which they say how time grows with rows.
    private static final double TELLING_VARIANCE = 0.02;

    /// A row's part of a step's time, as long as nothing tells.
    private static final double ASSUMED_PART_OF_ROWS = 0.7;

    private final Duration stepTime;
    private double weight;
    private double meanRows;
    private double meanSeconds;
    private double rowsSquared;
    private double rowsTimesSeconds;
    private double secondsPerRow;
    private double secondsPerScoredRow;
    private volatile double promptTokensPerSecond;

    /// @param stepTime how long a step may take
    StepClock(Duration stepTime) {
        this.stepTime = stepTime;
    }

    /// @param numDecodeRows rows of sequences that decode in it
    /// @param numParties    those who share its time in equal parts, the step included
    /// @param most          tokens that fit
    int promptTokens(int numDecodeRows, int numParties, int most) {
        if (secondsPerRow == 0) {
            return most;
        }
        double seconds = stepTime.toNanos() / 1e9 / numParties;
        double ofItsOwn = Math.max(0, meanSeconds - secondsPerRow * meanRows);
        double tokens = (seconds - ofItsOwn) / secondsPerRow - numDecodeRows;
        // Whole blocks, so that the next chunk can be one that somebody else has computed.
        int blocks = (int) Math.min(tokens / KvCache.BLOCK_SIZE, most);
        return Math.clamp((long) blocks * KvCache.BLOCK_SIZE, Math.min(LEAST_TOKENS, most), most);
    }

    /// @param numRows         all rows of the step
    /// @param numPromptTokens of these, the ones of prompts
    void measured(int numRows, int numPromptTokens, double seconds) {
        weight = FADING * weight + 1;
        double newest = 1 / weight;
        meanRows += newest * (numRows - meanRows);
        meanSeconds += newest * (seconds - meanSeconds);
        rowsSquared += newest * ((double) numRows * numRows - rowsSquared);
        rowsTimesSeconds += newest * (numRows * seconds - rowsTimesSeconds);
        double variance = rowsSquared - meanRows * meanRows;
        double most = meanSeconds / meanRows; // if a step without rows took no time
        if (variance > TELLING_VARIANCE * meanRows * meanRows) {
            double slope = (rowsTimesSeconds - meanRows * meanSeconds) / variance;
            secondsPerRow = Math.clamp(slope, most / 10, most);
        } else {
            secondsPerRow = secondsPerRow == 0 ? ASSUMED_PART_OF_ROWS * most : secondsPerRow;
            secondsPerRow = Math.min(secondsPerRow, most);
        }
        if (numPromptTokens >= TELLING_TOKENS) {
            double rate = numPromptTokens / seconds;
            double before = promptTokensPerSecond;
            promptTokensPerSecond = before == 0 ? rate : 0.7 * before + 0.3 * rate;
        }
    }

    /// @param numRows rows whose logits were computed, apart from what the step took
    void scored(int numRows, double seconds) {
        double each = seconds / numRows;
        secondsPerScoredRow =
                secondsPerScoredRow == 0 ? each : 0.7 * secondsPerScoredRow + 0.3 * each;
    }

    /// Rows of a step that take as long as one of a prompt's tokens.
    ///
    /// @param isScored whether its logits are computed, too
    double rowsPerToken(boolean isScored) {
        return isScored && secondsPerRow > 0 ? 1 + secondsPerScoredRow / secondsPerRow : 1;
    }

    /// As measured lately, whatever was computed beside; 0 before the first measurement. Any thread.
    double promptTokensPerSecond() {
        return promptTokensPerSecond;
    }
}
