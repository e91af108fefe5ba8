package io.moonglass.runtime.media;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.OptionalLong;

/// What one frame of a certain video costs.
public interface FrameTokens {

    /// @param maxPixels the most pixels of the frame, at least [#pixelsPerToken]; empty for the model's own limit
    /// @return at least 1; no fewer for more pixels
    /// @throws InvalidRequestException if no frame of these sides can be encoded at that size
    int of(OptionalLong maxPixels);

    /// What one token shows: the smallest frame.
    long pixelsPerToken();
}
