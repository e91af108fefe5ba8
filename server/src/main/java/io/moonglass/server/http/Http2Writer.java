package io.moonglass.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import java.util.function.IntPredicate;

/// Sees the frames that Helidon writes, each of which is one buffer, and lets a session keep back resets.
final class Http2Writer implements DataWriter {

    private static final int HEADER_BYTES = 9;
    private static final int TYPE_AT = 3;
    private static final int STREAM_ID_AT = 5;

    private final DataWriter writer;
    private final IntPredicate sendsReset;

    /// @param sendsReset whether a reset of the stream with this id is to be sent
    Http2Writer(DataWriter writer, IntPredicate sendsReset) {
        this.writer = writer;
        this.sendsReset = sendsReset;
    }

    private boolean isSent(BufferData frame) {
        if (frame.available() < HEADER_BYTES
                || (frame.get(TYPE_AT) & 0xff) != Http2Frame.RST_STREAM) {
            return true;
        }
        int streamId = 0;
        for (int i = STREAM_ID_AT; i < HEADER_BYTES; i++) {
            streamId = streamId << 8 | frame.get(i) & 0xff;
        }
        return sendsReset.test(streamId);
    }

    @Override
    public void write(BufferData... buffers) {
        write(BufferData.create(buffers));
    }

    @Override
    public void write(BufferData buffer) {
        if (isSent(buffer)) {
            writer.write(buffer);
        }
    }

    @Override
    public void writeNow(BufferData... buffers) {
        writeNow(BufferData.create(buffers));
    }

    @Override
    public void writeNow(BufferData buffer) {
        if (isSent(buffer)) {
            writer.writeNow(buffer);
        }
    }

    @Override
    public void flush() {
        writer.flush();
    }

    @Override
    public void close() {
        writer.close();
    }
}
