package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// All frames of a file, in order, found within the limits, with nothing decoded: a GIF's, an animated WebP's or an
/// animated PNG's.
///
/// @param width  of the canvas
/// @param height of the canvas
/// @param frames at least one
public record FrameSequence(int width, int height, List<EncodedFrame> frames) {

    /// Pixels of all frames together, which bounds the time that decoding them takes: some ten seconds.
    public static final long MAX_FRAME_PIXELS = 1_000_000_000;

    /// @param maxFrames the most frames that are taken in
    /// @return empty if the file holds a single picture and no frames, as most WebP and PNG do, or is of a format
    ///     without frames
    /// @throws InvalidRequestException if the bytes are no picture, over a limit or damaged
    public static Optional<FrameSequence> read(byte[] bytes, ImageLimits limits, int maxFrames) {
        limits.checkBytes(bytes.length);
        ByteView view = new ByteView(ImageFormat.of(bytes), bytes);
        return switch (view.format()) {
            case GIF -> Optional.of(ofGif(view, limits, maxFrames));
            case WEBP -> ofWebp(view, limits, maxFrames);
            case PNG -> ofPng(view, limits, maxFrames);
            case JPEG, BMP -> Optional.empty();
        };
    }

    private static FrameSequence ofGif(ByteView view, ImageLimits limits, int maxFrames) {
        GifReader reader = new GifReader(view, limits);
        Frames frames = new Frames(view, maxFrames);
        for (Optional<GifFrame> frame; (frame = reader.next()).isPresent(); ) {
            frames.add(frame.get());
        }
        return frames.on(reader.width(), reader.height());
    }

    private static Optional<FrameSequence> ofWebp(
            ByteView view, ImageLimits limits, int maxFrames) {
        WebpContainer.Canvas canvas = WebpContainer.canvas(view, limits);
        if (!canvas.isAnimated()) {
            return Optional.empty();
        }
        Frames frames = new Frames(view, maxFrames);
        WebpContainer.forEachFrame(view, canvas, frames::add);
        return Optional.of(frames.on(canvas.width(), canvas.height()));
    }

    private static Optional<FrameSequence> ofPng(ByteView view, ImageLimits limits, int maxFrames) {
        PngFrameReader reader = new PngFrameReader(view, limits);
        if (!reader.isAnimated()) {
            return Optional.empty();
        }
        Frames frames = new Frames(view, maxFrames);
        reader.forEachFrame(frames::add);
        return Optional.of(frames.on(reader.width(), reader.height()));
    }

    /// Frames as they are found, counted.
    private static final class Frames {
        private final ByteView view;
        private final int maxFrames;
        private final List<EncodedFrame> frames = new ArrayList<>();
        private long numPixels;

        Frames(ByteView view, int maxFrames) {
            this.view = view;
            this.maxFrames = maxFrames;
        }

        void add(EncodedFrame frame) {
            if (frames.size() == maxFrames) {
                throw tooLarge("has more than %,d frames".formatted(maxFrames));
            }
            numPixels += frame.area().numPixels();
            if (numPixels > MAX_FRAME_PIXELS) {
                throw tooLarge(
                        "has frames of more than %,d pixels in all".formatted(MAX_FRAME_PIXELS));
            }
            frames.add(frame);
        }

        FrameSequence on(int width, int height) {
            if (frames.isEmpty()) {
                throw view.invalid("holds no pixels");
            }
            return new FrameSequence(width, height, List.copyOf(frames));
        }

        private InvalidRequestException tooLarge(String what) {
            return new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    null,
                    "animated %s %s; send a shorter or smaller one".formatted(view.format(), what));
        }
    }
}
