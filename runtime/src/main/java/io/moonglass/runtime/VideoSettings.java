package io.moonglass.runtime;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// How a video is shown to a model. What is empty is as the operator has set it up.
///
/// @param fps        frames of each second that are shown; of a list of frames, how many of them are a second
/// @param maxFrames  the most frames; longer videos are shown evenly from beginning to end
/// @param maxTokens  the most tokens of all frames together: they are made smaller first, then fewer
/// @param maxPixels  what each frame is shrunk to if it has more
/// @param timestamps whether each frame is preceded by the time at which it is seen, `[MM:SS.s]`
public record VideoSettings(
        OptionalDouble fps,
        OptionalInt maxFrames,
        OptionalInt maxTokens,
        OptionalLong maxPixels,
        boolean timestamps) {

    public static final VideoSettings DEFAULT =
            new VideoSettings(
                    OptionalDouble.empty(),
                    OptionalInt.empty(),
                    OptionalInt.empty(),
                    OptionalLong.empty(),
                    false);
}
