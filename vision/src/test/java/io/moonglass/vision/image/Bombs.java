package io.moonglass.vision.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// Writes pictures of any declared size out of nothing, and puts into small ones what does not belong there.
public final class Bombs {

    private static final int SIGNATURE_BYTES = 8;

    private Bombs() {}

    /// A PNG of zeros.
    ///
    /// @param colourType as PNG numbers them: 0 grey, 2 RGB, 3 palette, 6 RGBA
    public static byte[] png(int width, int height, int bitDepth, int colourType) {
        int channels = colourType == 6 ? 4 : colourType == 2 ? 3 : 1;
        long rowBytes = 1 + ((long) width * channels * bitDepth + 7) / 8;
        return png(width, height, bitDepth, colourType, rowBytes * height);
    }

    /// The same with so many bytes of pixels, however many it needs.
    public static byte[] png(int width, int height, int bitDepth, int colourType, long numBytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(TestPictures.latin1("\u0089PNG\r\n\u001a\n"));
        ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
        header.put((byte) bitDepth).put((byte) colourType);
        out.writeBytes(chunk("IHDR", header.array()));
        if (colourType == 3) {
            out.writeBytes(chunk("PLTE", new byte[] {1, 2, 3}));
        }
        out.writeBytes(chunk("IDAT", zeros(numBytes)));
        out.writeBytes(chunk("IEND", new byte[0]));
        return out.toByteArray();
    }

    /// As many zeros, deflated.
    public static byte[] zeros(long numBytes) {
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] zeros = new byte[1 << 20];
        byte[] buffer = new byte[1 << 16];
        for (long left = numBytes; left > 0; left -= zeros.length) {
            deflater.setInput(zeros, 0, (int) Math.min(left, zeros.length));
            while (!deflater.needsInput()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
        }
        deflater.finish();
        while (!deflater.finished()) {
            out.write(buffer, 0, deflater.deflate(buffer));
        }
        deflater.end();
        return out.toByteArray();
    }

    /// The PNG with one more chunk right behind its header.
    public static byte[] withChunk(byte[] png, String type, byte[] content) {
        int at = SIGNATURE_BYTES + 25;
        return inserted(png, at, chunk(type, content));
    }

    /// The JPEG with one more segment right behind its beginning.
    public static byte[] withSegment(byte[] jpeg, int marker, byte[] content) {
        ByteBuffer segment = ByteBuffer.allocate(content.length + 4);
        segment.put((byte) 0xff).put((byte) marker).putShort((short) (content.length + 2));
        return inserted(jpeg, 2, segment.put(content).array());
    }

    /// A GIF of one colour in literal codes of three bits, each table cleared before it grows.
    public static byte[] gif(int width, int height) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(gifHeader(width, height));
        int bits = 0;
        int numBits = 0;
        ByteArrayOutputStream codes = new ByteArrayOutputStream();
        for (long i = 0; i <= (long) width * height; i++) {
            int[] both = i == (long) width * height ? new int[] {5} : new int[] {4, 1};
            for (int code : both) {
                bits |= code << numBits;
                numBits += 3;
                while (numBits >= 8) {
                    codes.write(bits);
                    bits >>>= 8;
                    numBits -= 8;
                }
            }
        }
        codes.write(bits);
        byte[] all = codes.toByteArray();
        for (int at = 0; at < all.length; at += 255) {
            int length = Math.min(255, all.length - at);
            out.write(length);
            out.write(all, at, length);
        }
        out.write(0);
        out.write(0x3b);
        return out.toByteArray();
    }

    /// Screen, four colours and a frame as large, up to where its codes begin.
    public static byte[] gifHeader(int width, int height) {
        ByteBuffer gif = TestPictures.littleEndian(new byte[13 + 12 + 10 + 1]);
        gif.put(TestPictures.latin1("GIF89a")).putShort((short) width).putShort((short) height);
        gif.put((byte) 0x81).position(13 + 12);
        gif.put((byte) 0x2c).putInt(0).putShort((short) width).putShort((short) height);
        return gif.put((byte) 0).put((byte) 2).array();
    }

    /// A BMP of zeros in 24 bits.
    public static byte[] bmp(int width, int height) {
        int rowBytes = (3 * width + 3) / 4 * 4;
        ByteBuffer bmp = TestPictures.littleEndian(new byte[54 + rowBytes * height]);
        bmp.put(TestPictures.latin1("BM")).putInt(bmp.capacity()).putInt(0).putInt(54);
        bmp.putInt(40).putInt(width).putInt(height).putShort((short) 1).putShort((short) 24);
        return bmp.array();
    }

    public static byte[] chunk(String type, byte[] content) {
        ByteBuffer chunk = ByteBuffer.allocate(content.length + 12).putInt(content.length);
        chunk.put(type.getBytes(StandardCharsets.ISO_8859_1)).put(content);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, content.length + 4);
        return chunk.putInt((int) crc.getValue()).array();
    }

    private static byte[] inserted(byte[] into, int at, byte[] what) {
        ByteBuffer with = ByteBuffer.allocate(into.length + what.length);
        return with.put(into, 0, at).put(what).put(into, at, into.length - at).array();
    }
}
