package io.moonglass.loader.digest;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/// Makes a [Digest] of values in a row. Everything that has a length is preceded by it, so that no two
/// different rows of values are the same bytes. For one thread.
public final class DigestBuilder {

    private static final int BUFFER_BYTES = 4096;

    private final MessageDigest hash = Sha256.start();
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

    public DigestBuilder add(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    public DigestBuilder add(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    public DigestBuilder add(Digest value) {
        value.putInto(room(Digest.BYTES));
        return this;
    }

    public DigestBuilder add(String value) {
        return add(value.getBytes(StandardCharsets.UTF_8));
    }

    public DigestBuilder add(byte[] values) {
        add(values.length);
        flush();
        hash.update(values);
        return this;
    }

    /// All bytes of a segment.
    public DigestBuilder add(MemorySegment values) {
        add(values.byteSize());
        flush();
        long done = 0;
        while (done < values.byteSize()) {
            long count = Math.min(values.byteSize() - done, Integer.MAX_VALUE);
            hash.update(values.asSlice(done, count).asByteBuffer());
            done += count;
        }
        return this;
    }

    /// The digest of what was added; afterwards the builder is as new.
    public Digest build() {
        flush();
        return Digest.of(hash.digest());
    }

    private ByteBuffer room(int numBytes) {
        if (buffer.remaining() < numBytes) {
            flush();
        }
        return buffer;
    }

    private void flush() {
        hash.update(buffer.array(), 0, buffer.position());
        buffer.clear();
    }
}
