package io.moonglass.loader.digest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/// 256 bits that stand for a content: SHA-256 of it. Two contents with the same digest are taken for one.
public record Digest(long first, long second, long third, long fourth) {

    /// Bytes of a digest.
    public static final int BYTES = 32;

    private static final int BUFFER_BYTES = 1 << 16;

    /// Of all that a stream gives; it is not closed.
    public static Digest ofAll(InputStream bytes) throws IOException {
        MessageDigest hash = Sha256.start();
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int count; (count = bytes.read(buffer)) >= 0; ) {
            hash.update(buffer, 0, count);
        }
        return of(hash.digest());
    }

    static Digest of(byte[] hash) {
        ByteBuffer bytes = ByteBuffer.wrap(hash);
        return new Digest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    void putInto(ByteBuffer bytes) {
        bytes.putLong(first).putLong(second).putLong(third).putLong(fourth);
    }
}
