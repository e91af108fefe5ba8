package io.moonglass.runtime.media;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.OptionalDouble;

/// How a video is to be shown, as the caller wishes it.
///
/// @param fps            frames for a second of video, finite and above 0; empty for [#DEFAULT_FPS]
/// @param maxFrames      from 1 to [#MOST_FRAMES]
/// @param maxTokens      of all frames together, at least 1
/// @param minFrameTokens frames are made smaller down to this before there are fewer of them, at least 1
public record FrameSampling(OptionalDouble fps, int maxFrames, int maxTokens, int minFrameTokens) {

    public static final double DEFAULT_FPS = 1;
    public static final int DEFAULT_MIN_FRAME_TOKENS = 64;
    public static final int MOST_FRAMES = 10_000;

    /// @throws InvalidRequestException naming `fps`, `max_frames` or `max_video_tokens`
    public FrameSampling {
        if (fps.isPresent() && !(fps.getAsDouble() > 0 && Double.isFinite(fps.getAsDouble()))) {
            throw InvalidRequestException.invalidValue(
                    "fps", "fps is %s; want a finite number above 0".formatted(fps.getAsDouble()));
        }
        if (maxFrames < 1 || maxFrames > MOST_FRAMES) {
            throw InvalidRequestException.invalidValue(
                    "max_frames",
                    "max_frames is %d; want a number from 1 to %,d"
                            .formatted(maxFrames, MOST_FRAMES));
        }
        if (maxTokens < 1) {
            throw InvalidRequestException.invalidValue(
                    "max_video_tokens",
                    "max_video_tokens is %d; want at least 1".formatted(maxTokens));
        }
        if (minFrameTokens < 1) {
            throw new IllegalArgumentException(
                    "at least %d tokens a frame; want at least 1".formatted(minFrameTokens));
        }
    }
}
