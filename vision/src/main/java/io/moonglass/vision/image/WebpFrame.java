package io.moonglass.vision.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// One frame of an animated WebP. Its picture is put into a WebP of its own, which the native decoder knows as
/// a still picture.
///
/// @param replaces whether what is under the frame is hidden where the frame is transparent
/// @param begin    of the frame's own chunks
/// @param end      of the frame's own chunks
record WebpFrame(
        ByteView view,
        FrameArea area,
        int millis,
        FrameDisposal disposal,
        boolean replaces,
        long begin,
        long end)
        implements EncodedFrame {

    private static final int HEADER_BYTES = 16;
    private static final int LONGEST_HURRY = 10;
    private static final int USUAL_MILLIS = 100;

    /// @param at  of the payload of an `ANMF` chunk
    /// @param end of that payload
    static WebpFrame read(ByteView view, long at, long end, int width, int height) {
        if (end - at < HEADER_BYTES) {
            throw view.invalid("has a frame without its header");
        }
        FrameArea area =
                new FrameArea(
                        2 * view.u24le(at),
                        2 * view.u24le(at + 3),
                        view.u24le(at + 6) + 1,
                        view.u24le(at + 9) + 1);
        int millis = view.u24le(at + 12);
        int flags = view.u8(at + 15);
        return new WebpFrame(
                view,
                area.on(width, height, view),
                // browsers show what asks for hardly any time at this pace
                millis <= LONGEST_HURRY ? USUAL_MILLIS : millis,
                (flags & 1) != 0 ? FrameDisposal.CLEAR : FrameDisposal.KEEP,
                (flags & 2) != 0,
                at + HEADER_BYTES,
                end);
    }

    @Override
    public boolean hidesArea() {
        return replaces || WebpContainer.chunkType(view, begin).equals("VP8 ");
    }

    @Override
    public void drawOn(FrameCanvas canvas) {
        byte[] still = still();
        EncodedPicture picture =
                WebpContainer.read(
                        new ByteView(ImageFormat.WEBP, still),
                        new ImageLimits(still.length, area.numPixels()),
                        PictureStyle.UPSTREAM);
        if (picture.width() != area.width() || picture.height() != area.height()) {
            throw view.invalid("has a frame whose picture is of another size");
        }
        canvas.draw(area, picture.decode(), replaces);
    }

    /// Header, then the frame's chunks; a lossy picture with alpha wants an extended header before them.
    private byte[] still() {
        boolean extended = hasAlphaChunk();
        int extra = extended ? 18 : 0;
        int length = Math.toIntExact(end - begin);
        ByteBuffer still = ByteBuffer.allocate(12 + extra + length).order(ByteOrder.LITTLE_ENDIAN);
        still.put(latin1("RIFF")).putInt(4 + extra + length).put(latin1("WEBP"));
        if (extended) {
            still.put(latin1("VP8X")).putInt(10).putInt(0x10);
            put24(still, area.width() - 1);
            put24(still, area.height() - 1);
        }
        return still.put(view.bytes(), (int) begin, length).array();
    }

    private boolean hasAlphaChunk() {
        return switch (WebpContainer.chunkType(view, begin)) {
            case "ALPH" -> true;
            case "VP8 ", "VP8L" -> false;
            default -> throw view.invalid("has a frame without a picture");
        };
    }

    private static void put24(ByteBuffer to, int value) {
        to.putShort((short) value).put((byte) (value >> 16));
    }

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
