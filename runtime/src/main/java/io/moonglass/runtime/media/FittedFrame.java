package io.moonglass.runtime.media;

import io.moonglass.vision.image.ImagePreprocessor;
import java.util.OptionalLong;

/// What a frame of this size costs, once it is fitted.
///
/// @param maxPixels what was asked for
record FittedFrame(ImagePreprocessor preprocessor, int width, int height, OptionalLong maxPixels)
        implements FrameTokens {

    @Override
    public int of(OptionalLong most) {
        OptionalLong both = maxPixels;
        if (most.isPresent()) {
            long own = maxPixels.orElse(Long.MAX_VALUE);
            both = OptionalLong.of(Math.min(own, most.getAsLong()));
        }
        return preprocessor.fittedSize(width, height, both).numTokens();
    }

    @Override
    public long pixelsPerToken() {
        return preprocessor.pixelsPerToken();
    }
}
