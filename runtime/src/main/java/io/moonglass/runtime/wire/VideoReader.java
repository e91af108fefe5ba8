package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.VideoSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// Makes videos of what requests say of them, in whichever dialect.
///
/// @param pictures reads single frames, and what the request says of all pictures
/// @param all      what holds for all videos of the request unless one says otherwise itself
public record VideoReader(PictureReader pictures, VideoSettings all) {

    private static final int MAX_FRAMES = 1_024;
    private static final int MAX_TOKENS = 1 << 20;
    private static final double MAX_FPS = 1_000;

    /// Frames as JPEGs, separated by commas.
    private static final String FRAMES_IN_ADDRESS = "data:video/jpeg;base64,";

    /// @param request may say what holds for all of its videos, as other servers have it: `mm_processor_kwargs` and
    ///                `media_io_kwargs.video`
    public static VideoReader of(RequestFields request, PictureReader pictures) {
        RequestFields processor = request.object("mm_processor_kwargs").orElse(RequestFields.NONE);
        RequestFields reading =
                request.object("media_io_kwargs")
                        .flatMap(kinds -> kinds.object("video"))
                        .orElse(RequestFields.NONE);
        OptionalDouble fps = fps(processor);
        OptionalInt numFrames = reading.integer("num_frames", 1, MAX_FRAMES);
        return new VideoReader(
                pictures,
                new VideoSettings(
                        fps.isPresent() ? fps : fps(reading),
                        numFrames.isPresent()
                                ? numFrames
                                : processor.integer("max_frames", 1, MAX_FRAMES),
                        OptionalInt.empty(),
                        pictures.maxPixels(),
                        false));
    }

    /// A part of a message: an object with the address under `key`, or the address alone there, or a file's id.
    public ContentPart video(RequestFields part, String key) {
        if (part.has("file_id")) {
            return whole(pictures.uploaded(part, "file_id"), part, part.pathOf("file_id"));
        }
        JsonNode value = part.value(key);
        if (value.isTextual()) {
            return at(part, part, key);
        }
        if (value.isArray()) {
            return frames(part, part, key);
        }
        RequestFields video =
                part.object(key)
                        .orElseThrow(
                                () -> part.wrong(key, "an object with a url, a file_id or frames"));
        if (video.has("file_id")) {
            return whole(pictures.uploaded(video, "file_id"), video, video.pathOf("file_id"));
        }
        return video.has("frames") ? frames(video, video, "frames") : at(video, video, "url");
    }

    /// A video whose address, or list of frames, stands beside what is said of it.
    public ContentPart beside(RequestFields holder, String key) {
        return holder.value(key).isArray() ? frames(holder, holder, key) : at(holder, holder, key);
    }

    private ContentPart at(RequestFields holder, RequestFields settings, String key) {
        String address = holder.requiredString(key);
        if (address.regionMatches(true, 0, FRAMES_IN_ADDRESS, 0, FRAMES_IN_ADDRESS.length())) {
            return framesIn(address, settings, holder.pathOf(key));
        }
        return whole(pictures.source(holder, key), settings, holder.pathOf(key));
    }

    private ContentPart whole(MediaSource source, RequestFields settings, String param) {
        return new ContentPart.Video(source, settings(settings), param);
    }

    private ContentPart frames(RequestFields holder, RequestFields settings, String key) {
        JsonNode list = holder.value(key);
        if (!list.isArray() || list.isEmpty() || list.size() > MAX_FRAMES) {
            throw holder.wrong(key, "a list of 1 to %,d frames".formatted(MAX_FRAMES));
        }
        List<ContentPart.Picture> frames = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            frames.add(pictures.alone(list.get(i), "%s[%d]".formatted(holder.pathOf(key), i)));
        }
        return new ContentPart.Frames(frames, settings(settings), holder.pathOf(key));
    }

    /// The limit holds while the address is cut up, before anything is decoded.
    private ContentPart framesIn(String address, RequestFields settings, String param) {
        List<ContentPart.Picture> frames = new ArrayList<>();
        int from = FRAMES_IN_ADDRESS.length();
        while (from <= address.length()) {
            if (frames.size() == MAX_FRAMES) {
                throw new InvalidRequestException(
                        InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                        param,
                        "%s has more than %,d frames; send fewer".formatted(param, MAX_FRAMES));
            }
            int comma = address.indexOf(',', from);
            int end = comma < 0 ? address.length() : comma;
            frames.add(
                    ContentPart.Picture.at(
                            "data:image/jpeg;base64," + address.substring(from, end),
                            pictures.maxPixels(),
                            param));
            from = end + 1;
        }
        return new ContentPart.Frames(frames, settings(settings), param);
    }

    /// What is said of one video, over what is said of all.
    public VideoSettings settings(RequestFields video) {
        OptionalDouble fps = fps(video);
        OptionalInt maxFrames = video.integer("max_frames", 1, MAX_FRAMES);
        OptionalInt maxTokens = video.integer("max_video_tokens", 1, MAX_TOKENS);
        return new VideoSettings(
                fps.isPresent() ? fps : all.fps(),
                maxFrames.isPresent() ? maxFrames : all.maxFrames(),
                maxTokens.isPresent() ? maxTokens : all.maxTokens(),
                pictures.pixels(video),
                video.bool("timestamps", all.timestamps()));
    }

    private static OptionalDouble fps(RequestFields fields) {
        OptionalDouble fps = fields.number("fps");
        if (fps.isPresent() && !(fps.getAsDouble() > 0 && fps.getAsDouble() <= MAX_FPS)) {
            throw fields.wrong("fps", "a number above 0, up to %,.0f".formatted(MAX_FPS));
        }
        return fps;
    }
}
