package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;

/// One frame of a file that may hold several, whose pixels are still encoded.
public interface EncodedFrame {

    /// Where it is drawn.
    FrameArea area();

    /// How long it is shown.
    int millis();

    /// What becomes of it then.
    FrameDisposal disposal();

    /// Whether nothing of what was there before shows through its pixels.
    boolean hidesArea();

    /// Decodes the pixels and draws them.
    ///
    /// @throws InvalidRequestException if they are damaged
    void drawOn(FrameCanvas canvas);
}
