package io.moonglass.loader.digest;

import java.nio.ByteBuffer;

/// 256 bits that stand for a content: SHA-256 of it. Two contents with the same digest are taken for one.
public record Digest(long first, long second, long third, long fourth) {

    /// Bytes of a digest.
    public static final int BYTES = 32;

    static Digest of(byte[] hash) {
        ByteBuffer bytes = ByteBuffer.wrap(hash);
        return new Digest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    void putInto(ByteBuffer bytes) {
        bytes.putLong(first).putLong(second).putLong(third).putLong(fourth);
    }
}
