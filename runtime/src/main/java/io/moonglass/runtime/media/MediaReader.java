package io.moonglass.runtime.media;

import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.VideoSettings;
import io.moonglass.runtime.Waiting;
import io.moonglass.runtime.ocr.OpenPages;
import io.moonglass.runtime.ocr.PageWish;
import io.moonglass.vision.animation.Animation;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.FittedSize;
import io.moonglass.vision.image.ImageFormat;
import io.moonglass.vision.image.ImagePreprocessor;
import io.moonglass.vision.worker.MediaWorkers;
import io.moonglass.vision.worker.WorkerDocument;
import io.moonglass.vision.worker.WorkerVideo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;

/// Reads what media are: their containers, sizes and lengths, and so what they will cost. No pixel is decoded. Any
/// thread.
final class MediaReader {

    private static final int MAX_ANIMATION_FRAMES = 10_000;

    private static final String VIDEOS =
            "video (MP4, WebM, Matroska, MPEG-TS or AVI), or GIF, WebP or PNG that moves";
    private static final String FILES =
            "PDF, no video (MP4, WebM, Matroska, MPEG-TS or AVI) and no picture (PNG, JPEG, WebP, GIF or BMP)";

    /// What is said of a part, whose faults are found where nobody knows of which part it was said.
    private static final Set<String> SETTINGS = Set.of("max_video_tokens", "pages");

    private final MediaOptions options;
    private final MediaSources sources;
    private final MediaWorkers workers;
    private final ImagePreprocessor preprocessor;
    private final DocumentReader documents;
    private final int maxVideoTokens;

    /// @param maxVideoTokens of one video, whatever is asked for
    MediaReader(
            MediaOptions options,
            MediaSources sources,
            MediaWorkers workers,
            ImagePreprocessor preprocessor,
            int maxVideoTokens) {
        this.options = options;
        this.sources = sources;
        this.workers = workers;
        this.preprocessor = preprocessor;
        this.documents = new DocumentReader(options, workers, preprocessor);
        this.maxVideoTokens = maxVideoTokens;
    }

    /// @throws InvalidRequestException if it is none of what is taken in, too large or cut short
    TakenPart read(PlacedMedia media, MediaTaker taker) {
        try {
            return switch (media.part()) {
                case ContentPart.Picture picture ->
                        TakenPart.of(picture(picture, media.where(), taker));
                case ContentPart.Video video -> video(video, media.where(), taker);
                case ContentPart.Frames frames -> frames(frames, media.where(), taker);
                case ContentPart.File file -> file(file, media.where(), taker);
            };
        } catch (InvalidRequestException e) {
            throw e.param() == null || SETTINGS.contains(e.param()) ? e.at(media.where()) : e;
        }
    }

    private ImageInput picture(ContentPart.Picture picture, String where, MediaTaker taker) {
        return switch (picture.source()) {
            case MediaSource.Drawn(EncodedPicture drawn, Digest content) ->
                    image(where, drawn, content, picture.maxPixels());
            case MediaSource.Address _, MediaSource.Bytes _, MediaSource.Stored _ ->
                    picture(
                            sources.bytes(
                                    picture.source(), "image", options.limits().maxBytes(), taker),
                            picture.maxPixels(),
                            where,
                            taker);
        };
    }

    private ImageInput picture(
            byte[] bytes, OptionalLong maxPixels, String where, MediaTaker taker) {
        return image(where, encoded(bytes, taker), PictureDigests.ofBytes(bytes), maxPixels);
    }

    /// Of a file that is a picture.
    private byte[] bytes(MediaFile file, MediaTaker taker) {
        return sources.read(file.path(), "image", options.limits().maxBytes(), taker);
    }

    private EncodedPicture encoded(byte[] bytes, MediaTaker taker) {
        EncodedPicture encoded = EncodedPicture.of(bytes, options.limits(), options.pictureStyle());
        return options.isolatePictures()
                ? new IsolatedPicture(
                        encoded, bytes, options.limits(), options.pictureStyle(), workers, taker)
                : encoded;
    }

    private ImageInput image(
            String where, EncodedPicture picture, Digest encoded, OptionalLong maxPixels) {
        FittedSize size = preprocessor.fittedSize(picture.width(), picture.height(), maxPixels);
        return new ImageInput(where, picture, encoded, size);
    }

    private TakenPart video(ContentPart.Video video, String where, MediaTaker taker) {
        MediaFile file = sources.file(video.source(), "video", options.video().maxBytes(), taker);
        return video(file, video.settings(), where, taker);
    }

    private TakenPart video(
            MediaFile file, VideoSettings settings, String where, MediaTaker taker) {
        MovingPicture moving = open(file, taker);
        FrameTimes times =
                frameTimes(
                        moving.seconds(),
                        settings,
                        settings.fps().orElse(options.video().fps()),
                        moving.width(),
                        moving.height());
        moving.choose(times.seconds());
        List<ImageInput> frames = new ArrayList<>();
        for (int i = 0; i < times.seconds().length; i++) {
            frames.add(
                    image(
                            where,
                            new MovingPictureFrame(moving, i),
                            frameDigest(file.content(), times.seconds()[i]),
                            shownPixels(times, settings)));
        }
        return shown(frames, times.seconds(), settings.timestamps());
    }

    /// A picture as a video is an animation; one that does not move is a video of one frame.
    private MovingPicture open(MediaFile file, MediaTaker taker) {
        byte[] head = file.head(MediaKind.HEAD_BYTES);
        if (MediaKind.of(head) == MediaKind.VIDEO) {
            WorkerVideo video =
                    workers.openVideo(file.path(), options.video().limits(), taker::isOver);
            taker.keep(video);
            return new DecodedVideo(video);
        }
        ImageFormat.of(head, VIDEOS);
        byte[] bytes = bytes(file, taker);
        return Animation.of(bytes, options.limits(), MAX_ANIMATION_FRAMES)
                .<MovingPicture>map(AnimatedPicture::new)
                .orElseGet(() -> new StillPicture(encoded(bytes, taker)));
    }

    /// The smaller of what is left of the tokens and what was asked for.
    private static OptionalLong shownPixels(FrameTimes times, VideoSettings settings) {
        OptionalLong own = settings.maxPixels();
        if (own.isEmpty() || times.maxPixels().isEmpty()) {
            return own.isEmpty() ? times.maxPixels() : own;
        }
        return OptionalLong.of(Math.min(own.getAsLong(), times.maxPixels().getAsLong()));
    }

    private static Digest frameDigest(Digest file, double seconds) {
        return new DigestBuilder().add(file).add(Double.doubleToLongBits(seconds)).build();
    }

    /// A list of frames is a video whose frames are a second apart, unless it says how many of them are one.
    private TakenPart frames(ContentPart.Frames video, String where, MediaTaker taker) {
        VideoSettings settings = video.settings();
        double fps = settings.fps().orElse(1);
        List<ImageInput> all =
                Waiting.awaitAll(
                        video.frames().stream().map(frame -> frame(frame, where, taker)).toList(),
                        taker::isOver);
        EncodedPicture largest =
                all.stream()
                        .max(Comparator.comparingInt(ImageInput::numTokens))
                        .orElseThrow()
                        .picture();
        FrameTimes times =
                frameTimes(all.size() / fps, settings, fps, largest.width(), largest.height());
        List<ImageInput> frames =
                Arrays.stream(times.seconds())
                        .mapToObj(at -> all.get((int) Math.round(at * fps)))
                        .map(frame ->
                                image(
                                        frame.where(),
                                        frame.picture(),
                                        frame.encoded(),
                                        shownPixels(times, settings)))
                        .toList();
        return shown(frames, times.seconds(), settings.timestamps());
    }

    private Callable<ImageInput> frame(ContentPart.Picture frame, String where, MediaTaker taker) {
        String place = frame.param().isEmpty() ? where : frame.param();
        return () -> {
            try {
                return picture(frame, place, taker);
            } catch (InvalidRequestException e) {
                throw e.param() == null ? e.at(place) : e;
            }
        };
    }

    private FrameTimes frameTimes(
            double seconds, VideoSettings settings, double fps, int width, int height) {
        VideoOptions video = options.video();
        int maxTokens = settings.maxTokens().orElse(video.maxTokens());
        return FrameTimes.of(
                seconds,
                new FrameSampling(
                        OptionalDouble.of(fps),
                        Math.min(
                                settings.maxFrames().orElse(video.maxFrames()),
                                options.maxImages()),
                        Math.min(maxTokens, maxVideoTokens),
                        FrameSampling.DEFAULT_MIN_FRAME_TOKENS),
                new FittedFrame(preprocessor, width, height, settings.maxPixels()));
    }

    private static TakenPart shown(List<ImageInput> frames, double[] seconds, boolean labelled) {
        FittedSize size = frames.getFirst().size();
        PromptSize.Video video =
                new PromptSize.Video(
                        size.shrunkWidth(),
                        size.shrunkHeight(),
                        frames.stream().mapToInt(ImageInput::numTokens).sum(),
                        Arrays.stream(seconds).boxed().toList());
        List<String> labels =
                labelled ? Arrays.stream(seconds).mapToObj(Timestamp::of).toList() : List.of();
        return new TakenPart(frames, labels, Optional.of(video));
    }

    /// What the file's bytes say that it is.
    private TakenPart file(ContentPart.File part, String where, MediaTaker taker) {
        MediaFile file = sources.file(part.source(), "file", options.maxFileBytes(), taker);
        byte[] head = file.head(MediaKind.HEAD_BYTES);
        return switch (MediaKind.of(head)) {
            case DOCUMENT -> document(file, part, where, taker);
            case VIDEO -> video(file, part.settings(), where, taker);
            case PICTURE -> {
                ImageFormat.of(head, FILES);
                yield TakenPart.of(
                        picture(bytes(file, taker), part.settings().maxPixels(), where, taker));
            }
        };
    }

    private TakenPart document(
            MediaFile file, ContentPart.File part, String where, MediaTaker taker) {
        WorkerDocument document = documents.open(file, taker);
        List<ImageInput> pages =
                documents
                        .whole(
                                document,
                                file.content(),
                                part.pages(),
                                part.settings().maxPixels(),
                                options.maxImages())
                        .stream()
                        .map(page ->
                                image(
                                        where,
                                        page.picture(),
                                        page.content(),
                                        part.settings().maxPixels()))
                        .toList();
        return new TakenPart(pages, List.of(), Optional.empty());
    }

    /// A picture or document to be read page by page.
    OpenPages pages(ContentPart.File part, PageWish wish, MediaTaker taker, Runnable close) {
        long maxBytes = Math.max(options.limits().maxBytes(), options.documents().maxBytes());
        try {
            MediaFile file = sources.file(part.source(), "document", maxBytes, taker);
            return switch (MediaKind.of(file.head(MediaKind.HEAD_BYTES))) {
                case DOCUMENT ->
                        documents.pages(documents.open(file, taker), file.content(), wish, close);
                case PICTURE ->
                        documents.page(
                                encoded(bytes(file, taker), taker), file.content(), wish, close);
                case VIDEO ->
                        throw new InvalidRequestException(
                                InvalidRequestException.Kind.UNSUPPORTED_MEDIA,
                                null,
                                "this is a video; send a picture or a PDF");
            };
        } catch (InvalidRequestException e) {
            throw e.param() == null ? e.at(part.param()) : e;
        }
    }
}
