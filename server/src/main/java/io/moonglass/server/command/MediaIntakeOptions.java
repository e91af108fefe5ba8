package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.fetch.AddressRange;
import io.moonglass.runtime.fetch.FetchOptions;
import io.moonglass.runtime.fetch.HostPattern;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.runtime.media.VideoOptions;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.JpegDecoding;
import io.moonglass.vision.image.PictureStyle;
import io.moonglass.vision.worker.WorkerOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// The options of `serve` that say where pictures, videos and documents may come from, how large they may be and how
/// they are shown.
final class MediaIntakeOptions implements SettingsSection {

    private static final System.Logger LOG = System.getLogger(MediaIntakeOptions.class.getName());

    @Option(names = "--offline", description = "Fetch no media from other hosts.")
    private boolean offline;

    @Option(
            names = "--allow-media-host",
            paramLabel = "HOST",
            converter = HostConverter.class,
            description = {
                "Fetch media from this host alone, such as example.com, *.example.com or example.com:8443; may be given more than once",
                "(default: any host that is public)."
            })
    private List<HostPattern> hosts = new ArrayList<>();

    @Option(
            names = "--allow-media-network",
            paramLabel = "RANGE",
            converter = NetworkConverter.class,
            description = {
                "Fetch media from these addresses although they are not public, such as 10.1.2.0/24; may be given more than once (default: none).",
                "Whoever may ask this server can then see what is served there."
            })
    private List<AddressRange> networks = new ArrayList<>();

    @Option(
            names = "--allow-media-http",
            description =
                    "Fetch media over http: too; whoever is on the way can read and change them.")
    private boolean http;

    @Option(
            names = "--media-folder",
            paramLabel = "DIR",
            description =
                    "Let requests name files in this folder, by file: addresses (default: none).")
    private Optional<Path> folder = Optional.empty();

    @Option(
            names = "--max-image-bytes",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            description = "The largest picture (default: 20MiB).")
    private Optional<Long> maxImageBytes = Optional.empty();

    @Option(
            names = "--max-image-pixels",
            paramLabel = "N",
            description = "The most pixels of a picture (default: 64000000).")
    private Optional<Long> maxImagePixels = Optional.empty();

    @Option(
            names = "--max-images",
            paramLabel = "N",
            description = "The most pictures, pages and frames of one request (default: 128).")
    private Optional<Integer> maxImages = Optional.empty();

    @Option(
            names = "--max-video-bytes",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            description = "The largest video (default: 512MiB).")
    private Optional<Long> maxVideoBytes = Optional.empty();

    @Option(
            names = "--media-disk",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            description =
                    "The most that fetched videos and documents of all requests may take of the temporary folder (default: 4GiB).")
    private Optional<Long> mediaDisk = Optional.empty();

    @Option(
            names = "--video-fps",
            paramLabel = "N",
            description =
                    "Frames of each second that are shown unless a request says otherwise (default: 1).")
    private Optional<Double> fps = Optional.empty();

    @Option(
            names = "--max-video-frames",
            paramLabel = "N",
            description =
                    "The most frames of one video unless a request says otherwise (default: 32).")
    private Optional<Integer> maxFrames = Optional.empty();

    @Option(
            names = "--max-video-tokens",
            paramLabel = "N",
            description = {
                "The most tokens of one video unless a request says otherwise; never more than half of the context",
                "(default: 8192)."
            })
    private Optional<Integer> maxVideoTokens = Optional.empty();

    @Option(
            names = "--picture-style",
            paramLabel = "STYLE",
            converter = StyleConverter.class,
            description = {
                "upright: turned as cameras say, transparency over white, palettes as their colours.",
                "upstream: as the released processor, which knows none of that (default: upright)."
            })
    private Optional<PictureStyle> style = Optional.empty();

    @Option(
            names = "--jpeg-decoding",
            paramLabel = "HOW",
            converter = JpegConverter.class,
            description = {
                "exact: every pixel. reduced: large JPEGs from fewer coefficients, faster and almost the same",
                "(default: exact)."
            })
    private Optional<JpegDecoding> jpeg = Optional.empty();

    @Option(
            names = "--media-workers",
            paramLabel = "N",
            description =
                    "Processes that decode videos and documents, at most (default: one a core, at least 2).")
    private Optional<Integer> workers = Optional.empty();

    @Option(
            names = "--media-worker-memory",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            description = "The most memory of each such process (default: 1GiB).")
    private Optional<Long> workerMemory = Optional.empty();

    @Option(
            names = "--isolate-pictures",
            description =
                    "Decode pictures in such processes too; slower, and safe from faults of the decoder.")
    private boolean isolatePictures;

    @Option(
            names = "--memory-reserve",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            description = {
                "Refuse media while less memory than this is available to the machine or container, and drop kept",
                "pictures; 0 for never (default: 3 %% of its memory, 16 MiB to 512 MiB)."
            })
    private Optional<Long> memoryReserve = Optional.empty();

    @Override
    public String section() {
        return "media";
    }

    @Override
    public void check() {
        asked(MediaOptions.DEFAULT);
    }

    /// These options with what was asked for here. What may be fetched is logged.
    ///
    /// @throws ConfigException if one of them is none
    ChatModelOptions in(ChatModelOptions options) {
        MediaOptions media = asked(options.media());
        media = folder.map(media::withFolder).orElse(media);
        log();
        return options.withMedia(media);
    }

    /// All but the folder, which must be there.
    private MediaOptions asked(MediaOptions options) {
        MediaOptions media = options.withLimits(limits(options.limits()));
        media = maxImages.map(media::withMaxImages).orElse(media);
        media = style.map(media::withPictureStyle).orElse(media);
        media = jpeg.map(media::withJpegDecoding).orElse(media);
        media = media.withFetch(fetch(media.fetch()));
        media = media.withVideo(video(media.video()));
        media = media.withWorkers(workers(media.workers()));
        media = memoryReserve.map(media::withMemoryReserve).orElse(media);
        return media.withIsolatePictures(isolatePictures);
    }

    private void log() {
        String from = offline ? "nowhere" : hosts.isEmpty() ? "any public host" : joined(hosts);
        LOG.log(System.Logger.Level.INFO, "media are fetched from {0}", from);
        if (!offline && !networks.isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "media are fetched from {0}, which may not be public",
                    joined(networks));
        }
    }

    private static String joined(List<?> places) {
        return places.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    private ImageLimits limits(ImageLimits limits) {
        return new ImageLimits(
                maxImageBytes
                        .map(bytes -> (int) Math.min(Integer.MAX_VALUE, bytes))
                        .orElse(limits.maxBytes()),
                maxImagePixels.orElse(limits.maxPixels()));
    }

    private FetchOptions fetch(FetchOptions fetch) {
        return mediaDisk
                .map(fetch::withMaxBytesOnDisk)
                .orElse(fetch)
                .withOffline(offline)
                .withAllowHttp(http)
                .withAllowedHosts(hosts)
                .withAllowedNetworks(networks);
    }

    private VideoOptions video(VideoOptions video) {
        return new VideoOptions(
                fps.orElse(video.fps()),
                maxFrames.orElse(video.maxFrames()),
                maxVideoTokens.orElse(video.maxTokens()),
                maxVideoBytes.orElse(video.maxBytes()),
                video.limits());
    }

    private WorkerOptions workers(WorkerOptions options) {
        WorkerOptions counted = workers.map(options::withMaxWorkers).orElse(options);
        return workerMemory.map(counted::withMemoryBytes).orElse(counted);
    }

    static final class HostConverter implements ITypeConverter<HostPattern> {

        @Override
        public HostPattern convert(String text) {
            try {
                return HostPattern.parse(text);
            } catch (ConfigException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    static final class NetworkConverter implements ITypeConverter<AddressRange> {

        @Override
        public AddressRange convert(String text) {
            try {
                return AddressRange.parse(text);
            } catch (ConfigException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    static final class StyleConverter extends LowerCaseConverter<PictureStyle> {

        StyleConverter() {
            super(PictureStyle.values());
        }
    }

    static final class JpegConverter extends LowerCaseConverter<JpegDecoding> {

        JpegConverter() {
            super(JpegDecoding.values());
        }
    }
}
