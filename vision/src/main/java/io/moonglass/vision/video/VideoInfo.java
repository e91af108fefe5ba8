package io.moonglass.vision.video;

/// What is known of a video once its header and its first frame were read.
///
/// @param width           columns of a frame as it is shown: turned as the file says, pixels square
/// @param height          rows of the same
/// @param seconds         length; above 0
/// @param framesPerSecond on average; 0 if the file does not tell
public record VideoInfo(
        int width, int height, double seconds, double framesPerSecond, VideoCodec codec) {

    public VideoInfo {
        if (width <= 0 || height <= 0) {
            throw new IllegalArgumentException(
                    "video of %d x %d pixels; want sides above 0".formatted(width, height));
        }
        if (!(seconds > 0 && Double.isFinite(seconds))
                || !(framesPerSecond >= 0 && Double.isFinite(framesPerSecond))) {
            throw new IllegalArgumentException(
                    "video of %s seconds and %s frames a second; want numbers above 0"
                            .formatted(seconds, framesPerSecond));
        }
    }
}
