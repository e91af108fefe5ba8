package io.moonglass.vision.video;

import io.moonglass.loader.fault.InvalidRequestException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;

/// The files that videos are taken from, told apart by their first bytes and by nothing else. FFmpeg is
/// given the one reader that belongs to it and never chooses by itself.
public enum VideoContainer {
    MP4("mov"),
    MATROSKA("matroska"),
    MPEG_TS("mpegts"),
    AVI("avi");

    /// As many first bytes of a file as decide.
    public static final int HEAD_BYTES = 1024;

    /// Boxes that MP4 and QuickTime files begin with.
    private static final Set<String> FIRST_BOXES = Set.of("ftyp", "moov", "mdat", "wide", "free");

    /// Pictures in the same boxes.
    private static final Set<String> PICTURE_BRANDS =
            Set.of("heic", "heix", "heim", "heis", "mif1", "avif");

    private final String ffmpegName;

    VideoContainer(String ffmpegName) {
        this.ffmpegName = ffmpegName;
    }

    String ffmpegName() {
        return ffmpegName;
    }

    /// Reads the first [#HEAD_BYTES] of a file, or all of it if it is shorter.
    ///
    /// @throws InvalidRequestException if the bytes start like none of them
    public static VideoContainer of(byte[] head) {
        return find(head)
                .orElseThrow(() ->
                        new InvalidRequestException(
                                InvalidRequestException.Kind.UNSUPPORTED_MEDIA,
                                null,
                                head.length == 0
                                        ? "the video is empty; want MP4, QuickTime, WebM, Matroska, MPEG-TS or AVI"
                                        : "the bytes are no MP4, QuickTime, WebM, Matroska, MPEG-TS or AVI video;"
                                                + " convert it to one of these"));
    }

    /// The same; empty if the bytes start like none of them.
    public static Optional<VideoContainer> find(byte[] head) {
        if (at(head, 0, 4).equals("\u001aE\u00df\u00a3")) {
            return Optional.of(MATROSKA);
        }
        if (at(head, 0, 4).equals("RIFF") && at(head, 8, 4).equals("AVI ")) {
            return Optional.of(AVI);
        }
        String box = at(head, 4, 4);
        boolean picture = box.equals("ftyp") && PICTURE_BRANDS.contains(at(head, 8, 4));
        if (FIRST_BOXES.contains(box) && !picture) {
            return Optional.of(MP4);
        }
        // packets of 188 bytes, or of 192 on Blu-ray discs, whose first four are a time
        if (everyPacketIsInStep(head, 0, 188) || everyPacketIsInStep(head, 4, 192)) {
            return Optional.of(MPEG_TS);
        }
        return Optional.empty();
    }

    private static String at(byte[] head, int offset, int count) {
        return head.length < offset + count
                ? ""
                : new String(head, offset, count, StandardCharsets.ISO_8859_1);
    }

    private static boolean everyPacketIsInStep(byte[] head, int first, int packetBytes) {
        if (head.length < packetBytes) {
            return false;
        }
        for (int i = first; i < head.length; i += packetBytes) {
            if (head[i] != 0x47) {
                return false;
            }
        }
        return true;
    }
}
