package io.moonglass.server.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// A request's body as it comes; it takes its share of the budget while it grows.
final class BodyStream extends FilterInputStream {

    private final BodyBudget.Share share;
    private long numBytes;
    private boolean ended;

    BodyStream(InputStream body, BodyBudget.Share share) {
        super(body);
        this.share = share;
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
            share.cover(numBytes);
        }
    }
}
