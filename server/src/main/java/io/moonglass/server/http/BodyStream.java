package io.moonglass.server.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;

/// A request's body as it comes; it takes its share of the budget while it grows, up to its limit.
final class BodyStream extends FilterInputStream {

    private final LongConsumer memory;
    private final long maxBytes;
    private long numBytes;
    private boolean ended;

    /// @param memory told how many bytes have come together
    BodyStream(InputStream body, LongConsumer memory, long maxBytes) {
        super(body);
        this.memory = memory;
        this.maxBytes = maxBytes;
    }

    /// Whether all of it has been read.
    boolean ended() {
        return ended;
    }

    /// What has come so far.
    long numBytes() {
        return numBytes;
    }

    @Override
    public int read() throws IOException {
        int next = super.read();
        count(next < 0 ? -1 : 1);
        return next;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int count = super.read(bytes, offset, length);
        count(count);
        return count;
    }

    private void count(int more) {
        if (more < 0) {
            ended = true;
        } else {
            numBytes += more;
            if (numBytes > maxBytes) {
                throw HttpFault.bodyTooLarge(maxBytes);
            }
            memory.accept(numBytes);
        }
    }
}
