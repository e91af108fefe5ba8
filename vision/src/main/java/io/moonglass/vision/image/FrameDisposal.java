package io.moonglass.vision.image;

/// What becomes of a frame when its time is over.
public enum FrameDisposal {
    /// It stays, and the next one is drawn on it.
    KEEP,
    /// Its area becomes transparent, so white.
    CLEAR,
    /// Its area becomes what it was before.
    RESTORE
}
