package io.moonglass.runtime.media;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// Which moments of a video are shown, and how large.
///
/// A video of `seconds` (`d`) at `fps` (`f`) has `ceil(d f)` moments, `k / f` for `k = 0, 1, …` before its end. If
/// these are more than `n`, the `n` moments `k t / (n - 1)` are taken instead, evenly from the first to the last of
/// them, `t = (ceil(d f) - 1) / f`; the first alone where `n = 1`. `n` is
///
/// 1. `max_frames`, and then, with `c(p)` the tokens of a frame of at most `p` pixels and `b` the token budget:
/// 2. if `n c(∞) > b`, frames have the most pixels with which `c(p) <= b / n` holds, in steps of what a token shows;
/// 3. if `b / n` is below `minFrameTokens` (or below `c(∞)`, if that is less), there are fewer frames: `n` becomes
///    `b / c(q)`, with `q` the most pixels for `c(q) <= minFrameTokens`, at least 1, and step 2 is done again.
///
/// Divisions are of whole numbers. A video of which the length is unknown or zero is its first frame.
///
/// @param seconds   from the beginning, ascending, at least one
/// @param maxPixels of each frame; empty for the model's own limit
/// @param numTokens of each frame
public record FrameTimes(double[] seconds, OptionalLong maxPixels, int numTokens) {

    /// So that 2.2 s at 25 frames a second, which is a little more than 55 in double precision, has 55.
    private static final double ROUNDING = 1e-12;

    /// @param seconds the video's length; 0, negative, infinite or NaN where it is unknown
    /// @param tokens  of a frame of this video
    /// @throws InvalidRequestException naming `max_video_tokens` if not even one frame fits into the budget
    public static FrameTimes of(double seconds, FrameSampling sampling, FrameTokens tokens) {
        double length = seconds > 0 && Double.isFinite(seconds) ? seconds : 0;
        double fps = sampling.fps().orElse(FrameSampling.DEFAULT_FPS);
        // may be infinite, and is only compared
        double numMoments = Math.max(1, Math.ceil(length * fps * (1 - ROUNDING)));
        int numFrames = (int) Math.min(numMoments, sampling.maxFrames());
        Budget budget = new Budget(sampling, tokens);
        if (!budget.hasRoomFor(numFrames)) {
            numFrames = budget.fewerThan(numFrames);
        }
        Size size = budget.sizeOf(numFrames);
        double[] moments =
                numFrames < numMoments
                        ? evenly(numFrames, lastMoment(length, fps, numMoments))
                        : atRate(numFrames, fps);
        return new FrameTimes(moments, size.maxPixels(), size.numTokens());
    }

    /// Of all frames.
    public long totalTokens() {
        return (long) seconds.length * numTokens;
    }

    private static double lastMoment(double length, double fps, double numMoments) {
        double last = (numMoments - 1) / fps;
        return Double.isFinite(last) ? Math.min(last, length) : length;
    }

    private static double[] atRate(int numFrames, double fps) {
        double[] moments = new double[numFrames];
        for (int k = 1; k < numFrames; k++) {
            moments[k] = k / fps;
        }
        return moments;
    }

    private static double[] evenly(int numFrames, double last) {
        double[] moments = new double[numFrames];
        for (int k = 1; k < numFrames; k++) {
            // the fraction first, because k times a length near the largest double would overflow
            moments[k] = (double) k / (numFrames - 1) * last;
        }
        return moments;
    }

    private record Size(OptionalLong maxPixels, int numTokens) {}

    private record Budget(FrameSampling sampling, FrameTokens tokens) {

        /// Whether so many frames can have the least size that is wanted.
        boolean hasRoomFor(int numFrames) {
            int least = Math.min(sampling.minFrameTokens(), whole().numTokens());
            return sampling.maxTokens() / numFrames >= least
                    && largest(sampling.maxTokens() / numFrames).isPresent();
        }

        /// How many frames of the least wanted size there may be.
        int fewerThan(int numFrames) {
            Size least = largest(sampling.minFrameTokens()).orElseGet(this::smallest);
            return Math.clamp(sampling.maxTokens() / least.numTokens(), 1, numFrames);
        }

        Size sizeOf(int numFrames) {
            return largest(sampling.maxTokens() / numFrames)
                    .orElseThrow(() ->
                            InvalidRequestException.invalidValue(
                                    "max_video_tokens",
                                    "max_video_tokens is %d, and one frame of this video takes %d or more; want at least that"
                                            .formatted(
                                                    sampling.maxTokens(), smallest().numTokens())));
        }

        private Size whole() {
            return new Size(OptionalLong.empty(), tokens.of(OptionalLong.empty()));
        }

        /// The most pixels of a frame of at most so many tokens, if there is such a frame.
        private Optional<Size> largest(int maxTokens) {
            Size whole = whole();
            if (whole.numTokens() <= maxTokens) {
                return Optional.of(whole);
            }
            long fits = 0;
            // as a token shows no more than its pixels, twice as many pixels take more tokens
            long exceeds = 2 * (maxTokens + 1L);
            while (exceeds - fits > 1) {
                long middle = (fits + exceeds) / 2;
                if (tokensAt(middle).orElse(0) <= maxTokens) {
                    fits = middle;
                } else {
                    exceeds = middle;
                }
            }
            return fits > 0 && tokensAt(fits).isPresent()
                    ? Optional.of(at(fits))
                    : Optional.empty();
        }

        /// The smallest frame that can be encoded, found by doubling: very elongated ones cannot be shrunk far.
        private Size smallest() {
            int whole = whole().numTokens();
            for (long size = 1; size < whole; size *= 2) {
                if (tokensAt(size).isPresent()) {
                    return at(size);
                }
            }
            return whole();
        }

        private OptionalInt tokensAt(long size) {
            try {
                return OptionalInt.of(tokens.of(OptionalLong.of(size * tokens.pixelsPerToken())));
            } catch (InvalidRequestException e) {
                return OptionalInt.empty(); // too small to be encoded
            }
        }

        private Size at(long size) {
            long maxPixels = size * tokens.pixelsPerToken();
            return new Size(OptionalLong.of(maxPixels), tokens.of(OptionalLong.of(maxPixels)));
        }
    }
}
