package io.moonglass.vision.video;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.bytedeco.ffmpeg.presets.avutil;

/// What is wrong with a video, in our own words: FFmpeg's texts have told attackers of addresses.
final class VideoFaults {

    private VideoFaults() {}

    /// The fault behind an error code of FFmpeg, where nothing can be shown for it.
    static InvalidRequestException ofCode(int code, String what) {
        return code == avutil.AVERROR_ENOMEM() ? tooMuchMemory() : broken(what);
    }

    static InvalidRequestException broken(String what) {
        return new InvalidRequestException(
                Kind.INVALID_MEDIA, null, "the video %s; save or convert it again".formatted(what));
    }

    static InvalidRequestException tooMuchMemory() {
        return new InvalidRequestException(
                Kind.MEDIA_TOO_LARGE,
                null,
                "the video needs more memory than it may take; send one of a smaller size");
    }

    static InvalidRequestException withoutPictures() {
        return new InvalidRequestException(
                Kind.UNSUPPORTED_MEDIA,
                null,
                "the file holds no video, at most sound; send one with pictures");
    }

    static InvalidRequestException unknownCodec() {
        return new InvalidRequestException(
                Kind.UNSUPPORTED_MEDIA,
                null,
                "the video is coded in a way that is not decoded; convert it to one of "
                        + Arrays.stream(VideoCodec.values())
                                .map(VideoCodec::toString)
                                .collect(Collectors.joining(", ")));
    }
}
