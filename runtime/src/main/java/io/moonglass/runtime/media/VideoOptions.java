package io.moonglass.runtime.media;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.vision.video.VideoLimits;

/// How videos are shown where a request does not say, and the largest that are taken in.
///
/// @param fps       frames of each second
/// @param maxFrames the most frames of one video
/// @param maxTokens the most tokens of one video
/// @param maxBytes  of its file
/// @param limits    of what is in the file
public record VideoOptions(
        double fps, int maxFrames, int maxTokens, long maxBytes, VideoLimits limits) {

    public static final VideoOptions DEFAULT =
            new VideoOptions(1, 32, 8_192, 512L << 20, VideoLimits.DEFAULT);

    public VideoOptions {
        if (!(fps > 0 && fps <= 240) || maxFrames < 1 || maxTokens < 1 || maxBytes < 1) {
            throw new ConfigException(
                    "videos: %s frames a second, %d frames, %d tokens, %d bytes; want up to 240 and numbers above 0"
                            .formatted(fps, maxFrames, maxTokens, maxBytes));
        }
    }
}
