package io.moonglass.runtime.wire;

/// What reads the media of one request, whatever its dialect.
public record MediaReaders(
        PictureReader pictures, VideoReader videos, AttachmentReader attachments) {

    /// @param request may say what holds for all of its media
    public static MediaReaders of(RequestFields request, UploadedFiles files) {
        PictureReader pictures = PictureReader.of(request, files);
        VideoReader videos = VideoReader.of(request, pictures);
        return new MediaReaders(pictures, videos, new AttachmentReader(pictures, videos));
    }
}
