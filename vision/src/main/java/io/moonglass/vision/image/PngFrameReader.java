package io.moonglass.vision.image;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Reads the frames of an animated PNG: an `fcTL` chunk says where and for how long, the `fdAT` chunks after it
/// (or the `IDAT` chunks, for the still picture) hold its pixels; header, palette and transparency are the file's.
final class PngFrameReader {

    private static final int SIGNATURE_BYTES = 8;
    private static final int CONTROL_BYTES = 26;

    /// A palette of 256 colours; each frame gets a copy of it. What is longer is none.
    private static final int MOST_SHARED_BYTES = 768;

    private static final int LONGEST_HURRY = 10;
    private static final int USUAL_MILLIS = 100;

    private final ByteView view;
    private final int width;
    private final int height;
    private final boolean animated;

    PngFrameReader(ByteView view, ImageLimits limits) {
        this.view = view;
        // all that a still picture is checked for; frames are read after that
        PngContainer.read(view, limits, PictureStyle.UPSTREAM);
        this.width = (int) view.u32be(16);
        this.height = (int) view.u32be(20);
        this.animated = hasAnimationHeader();
    }

    boolean isAnimated() {
        return animated;
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    void forEachFrame(Consumer<EncodedFrame> found) {
        List<PngFrame.Chunk> shared = new ArrayList<>();
        FrameBuilder frame = null;
        boolean hasData = false;
        long at = SIGNATURE_BYTES;
        for (String type = ""; !type.equals("IEND"); ) {
            PngFrame.Chunk chunk = new PngFrame.Chunk(at + 8, view.u32be(at));
            type = type(at);
            switch (type) {
                case "PLTE", "tRNS" -> {
                    if (!hasData && shared.size() < 2 && chunk.length() <= MOST_SHARED_BYTES) {
                        shared.add(chunk);
                    }
                }
                case "IDAT" -> hasData = true;
                default -> {}
            }
            boolean isData = type.equals("IDAT") || type.equals("fdAT");
            if (frame != null && isData) {
                frame.data.add(type.equals("IDAT") ? chunk : chunk.withoutNumber(view));
            } else if (frame != null && (type.equals("fcTL") || type.equals("IEND"))) {
                found.accept(frame.build(shared));
                frame = null;
            }
            if (type.equals("fcTL")) {
                frame = new FrameBuilder(chunk);
            }
            at += chunk.length() + 12;
        }
    }

    private boolean hasAnimationHeader() {
        long at = SIGNATURE_BYTES;
        for (String type = ""; !type.equals("IDAT") && !type.equals("IEND"); ) {
            type = type(at);
            if (type.equals("acTL")) {
                return true;
            }
            at += view.u32be(at) + 12;
        }
        return false;
    }

    private String type(long at) {
        StringBuilder type = new StringBuilder();
        for (int i = 4; i < 8; i++) {
            type.append((char) view.u8(at + i));
        }
        return type.toString();
    }

    /// A frame whose data are still to come.
    private final class FrameBuilder {
        private final FrameArea area;
        private final int millis;
        private final FrameDisposal disposal;
        private final boolean replaces;
        private final List<PngFrame.Chunk> data = new ArrayList<>();

        FrameBuilder(PngFrame.Chunk control) {
            if (control.length() != CONTROL_BYTES) {
                throw view.invalid("has a frame without its header");
            }
            long at = control.at() + 4;
            this.area =
                    new FrameArea(side(at + 8), side(at + 12), side(at), side(at + 4))
                            .on(width, height, view);
            this.millis = millis(view.u16be(at + 16), view.u16be(at + 18));
            this.disposal =
                    switch (view.u8(at + 20)) {
                        case 1 -> FrameDisposal.CLEAR;
                        case 2 -> FrameDisposal.RESTORE;
                        default -> FrameDisposal.KEEP;
                    };
            this.replaces = view.u8(at + 21) == 0;
        }

        PngFrame build(List<PngFrame.Chunk> shared) {
            if (data.isEmpty()) {
                throw view.invalid("has a frame without pixels");
            }
            return new PngFrame(view, area, millis, disposal, replaces, shared, List.copyOf(data));
        }

        /// Negative, and so refused, where it does not fit an int.
        private int side(long at) {
            return (int) view.u32be(at);
        }

        private static int millis(int numerator, int denominator) {
            int millis = numerator * 1000 / (denominator == 0 ? 100 : denominator);
            // browsers show what asks for hardly any time at this pace
            return millis <= LONGEST_HURRY ? USUAL_MILLIS : millis;
        }
    }
}
