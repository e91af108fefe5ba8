package io.moonglass.runtime.media;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.admission.MemoryReserve;
import io.moonglass.runtime.fetch.FetchOptions;
import io.moonglass.tensor.MachineMemory;
import io.moonglass.vision.VisionBackend;
import io.moonglass.vision.document.DocumentLimits;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.JpegDecoding;
import io.moonglass.vision.image.PictureStyle;
import io.moonglass.vision.worker.WorkerOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// What pictures, videos and documents may cost, where they may come from, and how they are shown.
///
/// @param limits          the largest pictures that are taken in
/// @param pictureStyle    how turned and transparent pictures are shown
/// @param jpegDecoding    whether large JPEGs may be decoded at reduced size
/// @param maxImages       the most pictures, pages and frames of one request
/// @param backend         what they are encoded with
/// @param cacheBytes      the most bytes of encoded pictures that are kept for requests that show them
///                        again; 0 for none
/// @param maxPixelsInWork the most pixels of all requests that are decoded or wait for the encoder at a
///                        time; a larger picture passes alone
/// @param fetch           what is fetched from other hosts, and how
/// @param folder          whose files requests may name; empty for none
/// @param video           how videos are shown, and the largest
/// @param documents       the largest documents
/// @param workers         the processes in which videos and documents are decoded
/// @param isolatePictures whether pictures are decoded there too
/// @param memoryReserve   bytes of memory that must be available, else no media are taken; 0 for none
public record MediaOptions(
        ImageLimits limits,
        PictureStyle pictureStyle,
        JpegDecoding jpegDecoding,
        int maxImages,
        VisionBackend backend,
        long cacheBytes,
        long maxPixelsInWork,
        FetchOptions fetch,
        Optional<Path> folder,
        VideoOptions video,
        DocumentLimits documents,
        WorkerOptions workers,
        boolean isolatePictures,
        long memoryReserve) {

    private static final long MOST_DEFAULT_CACHE_BYTES = 512L << 20;

    /// The cache is 512 MiB, or an eighth of a small machine's memory.
    public static final MediaOptions DEFAULT =
            new MediaOptions(
                    ImageLimits.DEFAULT,
                    PictureStyle.UPRIGHT,
                    JpegDecoding.EXACT,
                    128,
                    VisionBackend.NATIVE,
                    Math.min(MOST_DEFAULT_CACHE_BYTES, MachineMemory.bytes() / 8),
                    32_000_000,
                    FetchOptions.DEFAULT,
                    Optional.empty(),
                    VideoOptions.DEFAULT,
                    DocumentLimits.DEFAULT,
                    WorkerOptions.DEFAULT,
                    false,
                    MemoryReserve.defaultBytes());

    public MediaOptions {
        if (maxImages < 0 || cacheBytes < 0 || maxPixelsInWork < 1 || memoryReserve < 0) {
            throw new ConfigException(
                    "%d images a request, encoder cache of %d bytes, %d pixels in work, memory reserve of %d bytes; want at least 0, 0, 1 and 0"
                            .formatted(maxImages, cacheBytes, maxPixelsInWork, memoryReserve));
        }
        if (folder.filter(path -> !Files.isDirectory(path)).isPresent()) {
            throw new ConfigException(
                    "%s: no such folder for media; make it, or name another"
                            .formatted(folder.get()));
        }
    }

    /// The largest file that is a picture, a video or a document.
    long maxFileBytes() {
        return Math.max(limits.maxBytes(), Math.max(video.maxBytes(), documents.maxBytes()));
    }

    public MediaOptions withLimits(ImageLimits value) {
        return with(changed -> changed.limits = value);
    }

    public MediaOptions withPictureStyle(PictureStyle value) {
        return with(changed -> changed.pictureStyle = value);
    }

    public MediaOptions withJpegDecoding(JpegDecoding value) {
        return with(changed -> changed.jpegDecoding = value);
    }

    public MediaOptions withMaxImages(int value) {
        return with(changed -> changed.maxImages = value);
    }

    public MediaOptions withBackend(VisionBackend value) {
        return with(changed -> changed.backend = value);
    }

    public MediaOptions withCacheBytes(long value) {
        return with(changed -> changed.cacheBytes = value);
    }

    public MediaOptions withMaxPixelsInWork(long value) {
        return with(changed -> changed.maxPixelsInWork = value);
    }

    public MediaOptions withFetch(FetchOptions value) {
        return with(changed -> changed.fetch = value);
    }

    public MediaOptions withFolder(Path value) {
        return with(changed -> changed.folder = Optional.of(value));
    }

    public MediaOptions withVideo(VideoOptions value) {
        return with(changed -> changed.video = value);
    }

    public MediaOptions withDocuments(DocumentLimits value) {
        return with(changed -> changed.documents = value);
    }

    public MediaOptions withWorkers(WorkerOptions value) {
        return with(changed -> changed.workers = value);
    }

    public MediaOptions withIsolatePictures(boolean value) {
        return with(changed -> changed.isolatePictures = value);
    }

    public MediaOptions withMemoryReserve(long value) {
        return with(changed -> changed.memoryReserve = value);
    }

    private MediaOptions with(Consumer<Changed> change) {
        Changed changed = new Changed();
        change.accept(changed);
        return changed.options();
    }

    /// These options while one of them is changed.
    private final class Changed {
        private ImageLimits limits = MediaOptions.this.limits;
        private PictureStyle pictureStyle = MediaOptions.this.pictureStyle;
        private JpegDecoding jpegDecoding = MediaOptions.this.jpegDecoding;
        private int maxImages = MediaOptions.this.maxImages;
        private VisionBackend backend = MediaOptions.this.backend;
        private long cacheBytes = MediaOptions.this.cacheBytes;
        private long maxPixelsInWork = MediaOptions.this.maxPixelsInWork;
        private FetchOptions fetch = MediaOptions.this.fetch;
        private Optional<Path> folder = MediaOptions.this.folder;
        private VideoOptions video = MediaOptions.this.video;
        private DocumentLimits documents = MediaOptions.this.documents;
        private WorkerOptions workers = MediaOptions.this.workers;
        private boolean isolatePictures = MediaOptions.this.isolatePictures;
        private long memoryReserve = MediaOptions.this.memoryReserve;

        MediaOptions options() {
            return new MediaOptions(
                    limits,
                    pictureStyle,
                    jpegDecoding,
                    maxImages,
                    backend,
                    cacheBytes,
                    maxPixelsInWork,
                    fetch,
                    folder,
                    video,
                    documents,
                    workers,
                    isolatePictures,
                    memoryReserve);
        }
    }
}
