package io.moonglass.vision.image;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;

/// One frame of an animated PNG, which is put into a PNG of its own for the native decoder.
///
/// @param replaces whether what is under the frame is hidden where the frame is transparent
/// @param shared   palette and transparency
/// @param data     compressed pixels
record PngFrame(
        ByteView view,
        FrameArea area,
        int millis,
        FrameDisposal disposal,
        boolean replaces,
        List<Chunk> shared,
        List<Chunk> data)
        implements EncodedFrame {

    private static final int HEADER_BYTES = 13;
    private static final int FIRST_CHUNK = 8;
    private static final int CHUNK_OVERHEAD = 12;

    /// Where a chunk's content is.
    record Chunk(long at, long length) {

        /// What follows the number that says which chunk of all it is.
        Chunk withoutNumber(ByteView view) {
            if (length < 4) {
                throw view.invalid("has frame data without their number");
            }
            return new Chunk(at + 4, length - 4);
        }
    }

    @Override
    public boolean hidesArea() {
        return replaces;
    }

    @Override
    public void drawOn(FrameCanvas canvas) {
        byte[] still = still();
        EncodedPicture picture =
                PngContainer.readTransparent(
                        new ByteView(ImageFormat.PNG, still),
                        new ImageLimits(still.length, area.numPixels()));
        canvas.draw(area, picture.decode(), replaces);
    }

    private byte[] still() {
        long length = FIRST_CHUNK + 2L * CHUNK_OVERHEAD + HEADER_BYTES;
        for (Chunk chunk : shared) {
            length += chunk.length + CHUNK_OVERHEAD;
        }
        for (Chunk chunk : data) {
            length += chunk.length + CHUNK_OVERHEAD;
        }
        ByteBuffer still = ByteBuffer.allocate(Math.toIntExact(length));
        still.put(view.bytes(), 0, FIRST_CHUNK);
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        header.putInt(area.width()).putInt(area.height());
        header.put(view.bytes(), FIRST_CHUNK + 16, 5);
        put(still, "IHDR", header.array(), 0, HEADER_BYTES);
        for (Chunk chunk : shared) {
            String type =
                    new String(view.bytes(), (int) chunk.at - 4, 4, StandardCharsets.ISO_8859_1);
            put(still, type, view.bytes(), (int) chunk.at, (int) chunk.length);
        }
        for (Chunk chunk : data) {
            put(still, "IDAT", view.bytes(), (int) chunk.at, (int) chunk.length);
        }
        put(still, "IEND", new byte[0], 0, 0);
        return still.array();
    }

    private static void put(ByteBuffer to, String type, byte[] from, int at, int length) {
        int begin = to.position() + 4;
        to.putInt(length).put(type.getBytes(StandardCharsets.ISO_8859_1)).put(from, at, length);
        CRC32 crc = new CRC32();
        crc.update(to.array(), begin, length + 4);
        to.putInt((int) crc.getValue());
    }
}
