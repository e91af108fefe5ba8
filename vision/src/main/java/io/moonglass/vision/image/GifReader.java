package io.moonglass.vision.image;

import java.util.Optional;

/// Reads a GIF's blocks: screen, optional global colours, then frames, each with what its extensions say.
final class GifReader {

    private static final int HEADER_BYTES = 13;
    private static final int EXTENSION = 0x21;
    private static final int GRAPHIC_CONTROL = 0xf9;
    private static final int FRAME = 0x2c;
    private static final int TRAILER = 0x3b;

    private static final int SHORTEST_DELAY = 2;
    private static final int USUAL_DELAY = 10;

    private final ByteView view;
    private final int width;
    private final int height;
    private final int globalColours;
    private long at;

    GifReader(ByteView view, ImageLimits limits) {
        this.view = view;
        this.width = view.u16le(6);
        this.height = view.u16le(8);
        limits.checkSize(view.format(), width, height);
        this.globalColours = numColours(view.u8(10));
        this.at = HEADER_BYTES + 3L * globalColours;
        view.need(HEADER_BYTES, 3L * globalColours);
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    /// Empty at the file's end, or where a trailer says so.
    Optional<GifFrame> next() {
        int transparentIndex = -1;
        int delay = 0;
        FrameDisposal disposal = FrameDisposal.KEEP;
        while (at < view.length() && view.u8(at) == EXTENSION) {
            if (view.u8(at + 1) == GRAPHIC_CONTROL) {
                int flags = view.u8(at + 3);
                delay = view.u16le(at + 4);
                disposal = disposal(flags >> 2 & 7);
                if ((flags & 1) != 0) {
                    transparentIndex = view.u8(at + 6);
                }
            }
            at = endOfBlocks(at + 2);
        }
        if (at >= view.length() || view.u8(at) == TRAILER) {
            return Optional.empty();
        }
        if (view.u8(at) != FRAME) {
            throw view.invalid("has a block of unknown kind");
        }
        int flags = view.u8(at + 9);
        int localColours = numColours(flags);
        long localPalette = at + 10;
        view.need(localPalette, 3L * localColours);
        long pixels = localPalette + 3L * localColours;
        FrameArea area =
                new FrameArea(
                        view.u16le(at + 1),
                        view.u16le(at + 3),
                        view.u16le(at + 5),
                        view.u16le(at + 7));
        at = endOfBlocks(pixels + 1);
        return Optional.of(
                new GifFrame(
                        view,
                        area.on(width, height, view),
                        // browsers show what asks for no time at all at this pace
                        10 * (delay < SHORTEST_DELAY ? USUAL_DELAY : delay),
                        disposal,
                        localColours > 0 ? localPalette : HEADER_BYTES,
                        localColours > 0 ? localColours : globalColours,
                        transparentIndex,
                        (flags & 0x40) != 0,
                        pixels));
    }

    private static FrameDisposal disposal(int code) {
        return switch (code) {
            case 2 -> FrameDisposal.CLEAR;
            case 3 -> FrameDisposal.RESTORE;
            default -> FrameDisposal.KEEP;
        };
    }

    /// Colours of the table that a flag byte announces; none if it does not.
    private static int numColours(int flags) {
        return (flags & 0x80) == 0 ? 0 : 2 << (flags & 7);
    }

    /// Skips data blocks of up to 255 bytes each, to behind the empty one that ends them.
    private long endOfBlocks(long begin) {
        long end = begin;
        while (true) {
            int length = view.u8(end);
            end += 1L + length;
            if (length == 0) {
                return end;
            }
        }
    }
}
