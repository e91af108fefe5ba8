package io.moonglass.server.http;

/// What reads the media of one request, whatever its dialect.
record MediaReaders(PictureReader pictures, VideoReader videos, AttachmentReader attachments) {

    /// @param request may say what holds for all of its media
    static MediaReaders of(RequestFields request, RequestFiles files) {
        PictureReader pictures = PictureReader.of(request, files);
        VideoReader videos = VideoReader.of(request, pictures);
        return new MediaReaders(pictures, videos, new AttachmentReader(pictures, videos));
    }
}
