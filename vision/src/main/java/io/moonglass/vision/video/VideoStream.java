package io.moonglass.vision.video;

import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_ALL;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_DISPLAYMATRIX;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_side_data_get;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_flush_buffers;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avformat.AVFMT_DURATION_FROM_BITRATE;
import static org.bytedeco.ffmpeg.global.avformat.AVSEEK_FLAG_BACKWARD;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_ATTACHED_PIC;
import static org.bytedeco.ffmpeg.global.avformat.av_find_input_format;
import static org.bytedeco.ffmpeg.global.avformat.av_guess_frame_rate;
import static org.bytedeco.ffmpeg.global.avformat.av_guess_sample_aspect_ratio;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_seek_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entries_count;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entry;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entry_from_timestamp;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;
import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;
import static org.bytedeco.ffmpeg.global.avutil.AV_TIME_BASE;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;
import static org.bytedeco.ffmpeg.global.avutil.av_free;
import static org.bytedeco.ffmpeg.global.avutil.av_malloc;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set;

import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIndexEntry;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.presets.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/// The one video stream of a file: packets and the frames that come of them, in the order in which they are shown.
/// Times are in ticks of [#secondsPerTick]. Native memory, for one thread.
final class VideoStream implements AutoCloseable {

    static final long NO_TIME = AV_NOPTS_VALUE;

    /// What is read to find out what a file holds.
    private static final long PROBE_BYTES = 4 << 20;

    private static final long PROBE_MICROSECONDS = 5_000_000;
    private static final int MOST_STREAMS = 64;

    /// Bytes of a file's table of packets, which some formats build as they are read.
    private static final int INDEX_BYTES = 16 << 20;

    /// Packets in a row that cannot be read before the file counts as ended.
    private static final int MOST_BAD_READS = 1_000;

    /// Damaged frames in a row that a decoder may still hold when there are no more packets.
    private static final int MOST_HELD_FRAMES = 64;

    /// Packets that are counted to learn a length that the file does not tell.
    private static final int MOST_COUNTED_PACKETS = 5_000_000;

    /// `AV_FRAME_FLAG_CORRUPT`, which the bindings leave out.
    private static final int FRAME_FLAG_CORRUPT = 1;

    /// As many as a decoder keeps to decode others from.
    private static final long FEW_FRAMES = 8;

    private static final String CODECS =
            Arrays.stream(VideoCodec.values())
                    .flatMap(codec -> Arrays.stream(codec.ffmpegDecoders()))
                    .collect(Collectors.joining(","));

    /// What counting all packets tells.
    record Extent(long endTick, long numPackets) {}

    private final AVPacket packet = av_packet_alloc();
    private final AVFormatContext file;
    private final AVStream stream;
    private final VideoCodec codec;
    private final AVCodecContext decoder;
    private final double secondsPerTick;

    private boolean packetsEnded;
    private boolean waitsForKeyFrame;
    private long lastTick = Long.MIN_VALUE;
    private long packetTick = Long.MIN_VALUE;

    private VideoStream(
            AVFormatContext file, AVStream stream, VideoCodec codec, AVCodecContext decoder) {
        this.file = file;
        this.stream = stream;
        this.codec = codec;
        this.decoder = decoder;
        this.secondsPerTick = seconds(stream.time_base());
    }

    /// @param threads that one decoder uses
    static VideoStream open(Path path, VideoContainer container, VideoLimits limits, int threads) {
        AVFormatContext file = openFile(path, container);
        boolean open = false;
        try {
            AVStream stream = chooseStream(file);
            AVCodecParameters parameters = stream.codecpar();
            VideoCodec codec = codec(parameters);
            if (parameters.width() > 0 && parameters.height() > 0) {
                limits.checkSize(parameters.width(), parameters.height());
            }
            if (!(seconds(stream.time_base()) > 0)) {
                throw VideoFaults.broken("has no clock");
            }
            AVCodecContext decoder = openDecoder(stream, codec, limits, threads);
            open = true;
            return new VideoStream(file, stream, codec, decoder);
        } finally {
            if (!open) {
                avformat_close_input(file);
            }
        }
    }

    private static AVFormatContext openFile(Path path, VideoContainer container) {
        AVFormatContext file = avformat_alloc_context();
        if (file == null) {
            throw VideoFaults.tooMuchMemory();
        }
        av_opt_set(file, "protocol_whitelist", "file", 0);
        av_opt_set(file, "format_whitelist", container.ffmpegName(), 0);
        av_opt_set(file, "codec_whitelist", CODECS, 0);
        file.probesize(PROBE_BYTES)
                .max_analyze_duration(PROBE_MICROSECONDS)
                .max_streams(MOST_STREAMS)
                .max_index_size(INDEX_BYTES);
        int opened =
                avformat_open_input(
                        file,
                        "file:" + path.toAbsolutePath(),
                        av_find_input_format(container.ffmpegName()),
                        (AVDictionary) null);
        if (opened < 0) { // and freed
            throw VideoFaults.ofCode(opened, "cannot be read");
        }
        int found = avformat_find_stream_info(file, (AVDictionary) null);
        if (found < 0) {
            avformat_close_input(file);
            throw VideoFaults.ofCode(found, "cannot be read");
        }
        return file;
    }

    /// The first stream of moving pictures; all others are passed over when packets are read.
    private static AVStream chooseStream(AVFormatContext file) {
        AVStream chosen = null;
        for (int i = 0; i < file.nb_streams(); i++) {
            AVStream stream = file.streams(i);
            boolean wanted =
                    chosen == null
                            && stream.codecpar().codec_type() == AVMEDIA_TYPE_VIDEO
                            && (stream.disposition() & AV_DISPOSITION_ATTACHED_PIC) == 0;
            if (wanted) {
                chosen = stream;
            } else {
                stream.discard(AVDISCARD_ALL);
            }
        }
        if (chosen == null) {
            throw VideoFaults.withoutPictures();
        }
        return chosen;
    }

    private static VideoCodec codec(AVCodecParameters parameters) {
        String name = avcodec_get_name(parameters.codec_id()).getString();
        for (VideoCodec codec : VideoCodec.values()) {
            if (codec.ffmpegName().equals(name)) {
                return codec;
            }
        }
        throw VideoFaults.unknownCodec();
    }

    private static AVCodecContext openDecoder(
            AVStream stream, VideoCodec codec, VideoLimits limits, int threads) {
        AVCodec implementation =
                Arrays.stream(codec.ffmpegDecoders())
                        .map(name -> avcodec_find_decoder_by_name(name))
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElseThrow(VideoFaults::unknownCodec);
        AVCodecContext decoder = avcodec_alloc_context3(implementation);
        if (decoder == null) {
            throw VideoFaults.tooMuchMemory();
        }
        int opened = avcodec_parameters_to_context(decoder, stream.codecpar());
        if (opened >= 0) {
            decoder.pkt_timebase(stream.time_base())
                    .thread_count(threads)
                    .max_pixels(limits.maxPixels());
            opened = avcodec_open2(decoder, implementation, (AVDictionary) null);
        }
        if (opened < 0) {
            avcodec_free_context(decoder);
            throw VideoFaults.ofCode(opened, "cannot be decoded");
        }
        return decoder;
    }

    VideoCodec codec() {
        return codec;
    }

    double secondsPerTick() {
        return secondsPerTick;
    }

    /// When the stream begins, or [#NO_TIME].
    long startTick() {
        return stream.start_time();
    }

    /// The length that the file tells; 0 or less if it tells none, or only guesses by its size.
    double declaredSeconds() {
        long ticks = stream.duration();
        if (ticks != NO_TIME && ticks > 0) {
            return ticks * secondsPerTick;
        }
        boolean guessed = file.duration_estimation_method() == AVFMT_DURATION_FROM_BITRATE;
        if (file.duration() == NO_TIME || guessed) {
            return 0;
        }
        // of the formats taken in only Matroska has a length for all streams alone, and it is the
        // time at the end
        double end = (double) file.duration() / AV_TIME_BASE;
        double start = startTick() == NO_TIME ? 0 : startTick() * secondsPerTick;
        return start > 0 && start < end ? end - start : end;
    }

    /// Frames a second as far as the headers tell, or 0.
    double declaredFramesPerSecond() {
        double rate = seconds(av_guess_frame_rate(file, stream, null));
        return rate > 0 && rate <= 1_000 ? rate : 0;
    }

    /// Width over height of one pixel of this frame; 1 if the file does not tell, or tells nonsense.
    double pixelAspect(AVFrame frame) {
        double aspect = seconds(av_guess_sample_aspect_ratio(file, stream, frame));
        return aspect >= 1 / 16.0 && aspect <= 16 ? aspect : 1;
    }

    Orientation orientation() {
        AVCodecParameters parameters = stream.codecpar();
        AVPacketSideData matrix =
                av_packet_side_data_get(
                        parameters.coded_side_data(),
                        parameters.nb_coded_side_data(),
                        AV_PKT_DATA_DISPLAYMATRIX);
        if (matrix == null || matrix.size() < 36) {
            return Orientation.UPRIGHT;
        }
        BytePointer numbers = matrix.data().capacity(36);
        return Orientation.ofMatrix(numbers.asByteBuffer().order(ByteOrder.nativeOrder()));
    }

    /// Reads all packets without decoding them. Nothing but [#close] may follow.
    Extent count() {
        long end = Long.MIN_VALUE;
        long numPackets = 0;
        while (numPackets < MOST_COUNTED_PACKETS && readPacket()) {
            long tick = packet.pts() != NO_TIME ? packet.pts() : packet.dts();
            if (tick != NO_TIME) {
                end = Math.max(end, tick + Math.max(0, packet.duration()));
            }
            numPackets++;
            av_packet_unref(packet);
        }
        return new Extent(end, numPackets);
    }

    /// The next whole frame. After a jump decoders pass over frames that are shown before the key frame they start from.
    ///
    /// @param frame empty; takes the frame
    /// @return its time, or [#NO_TIME] at the end
    long next(AVFrame frame, boolean alsoDamaged) {
        for (int held = 0; ; ) {
            int received = avcodec_receive_frame(decoder, frame);
            if (received >= 0) {
                long tick = tick(frame);
                boolean damaged =
                        (frame.flags() & FRAME_FLAG_CORRUPT) != 0
                                || frame.decode_error_flags() != 0;
                if (alsoDamaged || !damaged) {
                    lastTick = tick;
                    return tick;
                }
                av_frame_unref(frame);
            } else if (received == AVERROR_EOF) {
                return NO_TIME;
            } else if (received == avutil.AVERROR_ENOMEM()) {
                throw VideoFaults.tooMuchMemory();
            } else if (!packetsEnded) {
                // a frame that cannot be decoded is passed over; the next packets may be whole
                feed();
            } else if (received == avutil.AVERROR_EAGAIN() || ++held > MOST_HELD_FRAMES) {
                return NO_TIME;
            }
        }
    }

    /// Whether there is no room for a few frames: some decoders then speak of bad data.
    boolean lacksMemory() {
        Pointer frames = av_malloc(FEW_FRAMES * 3 / 2 * decoder.width() * decoder.height());
        boolean lacks = frames == null;
        av_free(frames);
        return lacks;
    }

    private void feed() {
        if (!readPacket()) {
            packetsEnded = true;
            avcodec_send_packet(decoder, null);
            return;
        }
        waitsForKeyFrame &= (packet.flags() & AV_PKT_FLAG_KEY) == 0;
        if (!waitsForKeyFrame) {
            long tick = packet.dts() != NO_TIME ? packet.dts() : packet.pts();
            packetTick = tick != NO_TIME ? tick : packetTick;
            if (avcodec_send_packet(decoder, packet) == avutil.AVERROR_ENOMEM()) {
                throw VideoFaults.tooMuchMemory();
            }
        }
        av_packet_unref(packet);
    }

    private boolean readPacket() {
        for (int badReads = 0; badReads < MOST_BAD_READS; ) {
            int read = av_read_frame(file, packet);
            if (read >= 0) {
                if (packet.stream_index() == stream.index()) {
                    return true;
                }
                av_packet_unref(packet);
            } else if (read == AVERROR_EOF || read == avutil.AVERROR_EIO()) {
                return false;
            } else if (read == avutil.AVERROR_ENOMEM()) {
                throw VideoFaults.tooMuchMemory();
            } else {
                badReads++;
            }
        }
        return false;
    }

    /// Times never run backward, whatever the file says.
    private long tick(AVFrame frame) {
        long tick = frame.best_effort_timestamp();
        if (tick == NO_TIME) {
            tick = lastTick == Long.MIN_VALUE ? 0 : lastTick + Math.max(1, frame.duration());
        }
        return lastTick == Long.MIN_VALUE ? tick : Math.max(tick, lastTick + 1);
    }

    /// How far packets were given to the decoder, which needs some before it answers a frame.
    long packetTick() {
        return packetTick;
    }

    /// The last key frame at or before this time that the file's index knows, or [#NO_TIME].
    long keyFrameBefore(long tick) {
        AVIndexEntry entry =
                avformat_index_get_entry_from_timestamp(stream, tick, AVSEEK_FLAG_BACKWARD);
        return entry == null ? NO_TIME : entry.timestamp();
    }

    /// Whether the index reaches up to this time, so that what it does not know is not there.
    boolean indexReaches(long tick) {
        int numEntries = avformat_index_get_entries_count(stream);
        return numEntries > 0
                && avformat_index_get_entry(stream, numEntries - 1).timestamp() >= tick;
    }

    /// Goes to a key frame, at or before this time as far as the file's format can tell.
    ///
    /// @return false if it cannot; then the place in the file is unknown
    boolean seek(long tick) {
        boolean found = av_seek_frame(file, stream.index(), tick, AVSEEK_FLAG_BACKWARD) >= 0;
        avcodec_flush_buffers(decoder);
        packetsEnded = false;
        waitsForKeyFrame = true;
        lastTick = Long.MIN_VALUE;
        packetTick = Long.MIN_VALUE;
        return found;
    }

    /// The value of a fraction; 0 if it has none.
    private static double seconds(AVRational rational) {
        return rational.num() == 0 || rational.den() == 0
                ? 0
                : (double) rational.num() / rational.den();
    }

    @Override
    public void close() {
        av_packet_free(packet);
        avcodec_free_context(decoder);
        avformat_close_input(file);
    }
}
