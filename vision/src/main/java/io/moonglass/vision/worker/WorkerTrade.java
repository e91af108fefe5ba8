package io.moonglass.vision.worker;

/// What a process has loaded native code for, before its limits forbid it to load more.
enum WorkerTrade {
    /// Videos (FFmpeg) and documents.
    FILES,
    /// Pictures (OpenCV, which takes longer to load and more memory).
    PICTURES
}
