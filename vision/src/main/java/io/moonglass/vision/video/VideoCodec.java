package io.moonglass.vision.video;

/// The ways of coding that are decoded; every other is refused before its decoder sees a byte.
public enum VideoCodec {
    H264("H.264", "h264", "h264"),
    H265("H.265", "hevc", "hevc"),
    VP8("VP8", "vp8", "vp8"),
    VP9("VP9", "vp9", "vp9"),
    AV1("AV1", "av1", "libdav1d", "libaom-av1"),
    MPEG4("MPEG-4", "mpeg4", "mpeg4"),
    MOTION_JPEG("Motion JPEG", "mjpeg", "mjpeg");

    private final String title;
    private final String ffmpegName;
    private final String[] ffmpegDecoders;

    VideoCodec(String title, String ffmpegName, String... ffmpegDecoders) {
        this.title = title;
        this.ffmpegName = ffmpegName;
        this.ffmpegDecoders = ffmpegDecoders;
    }

    String ffmpegName() {
        return ffmpegName;
    }

    /// Decoders that may be used, the better one first; a build of FFmpeg need not have them all.
    String[] ffmpegDecoders() {
        return ffmpegDecoders;
    }

    /// The name that people know it by.
    @Override
    public String toString() {
        return title;
    }
}
