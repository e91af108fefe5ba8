package io.moonglass.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import java.nio.ByteBuffer;

/// One frame of HTTP/2, as far as the server looks at it before Helidon does.
///
/// Source: RFC 9113, sections 4.1 and 6.
///
/// @param bytes all of it, header included; the header alone of one that is too large
record Http2Frame(int length, int type, int flags, int streamId, byte[] bytes) {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int NO_ERROR = 0;
    static final int CANCEL = 8;
    static final int ENHANCE_YOUR_CALM = 11;

    /// What every implementation has to take, and all that this one does.
    static final int MAX_LENGTH = 16_384;

    private static final int HEADER_BYTES = 9;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    /// Waits for the next frame.
    ///
    /// @throws DataReader.InsufficientDataAvailableException if the client has closed its end
    static Http2Frame read(DataReader source) {
        ByteBuffer header = ByteBuffer.wrap(source.readBytes(HEADER_BYTES));
        int first = header.getInt();
        int length = first >>> 8;
        int type = first & 0xff;
        int flags = Byte.toUnsignedInt(header.get());
        int streamId = header.getInt() & Integer.MAX_VALUE;
        byte[] bytes = header.array();
        if (length <= MAX_LENGTH) {
            bytes = new byte[HEADER_BYTES + length];
            System.arraycopy(header.array(), 0, bytes, 0, HEADER_BYTES);
            if (length > 0) {
                System.arraycopy(source.readBytes(length), 0, bytes, HEADER_BYTES, length);
            }
        }
        return new Http2Frame(length, type, flags, streamId, bytes);
    }

    private static Http2Frame of(int type, int streamId, ByteBuffer payload) {
        int length = payload.flip().remaining();
        byte[] bytes =
                ByteBuffer.allocate(HEADER_BYTES + length)
                        .putInt(length << 8 | type)
                        .put((byte) 0)
                        .putInt(streamId)
                        .put(payload)
                        .array();
        return new Http2Frame(length, type, 0, streamId, bytes);
    }

    static Http2Frame reset(int streamId, int errorCode) {
        return of(RST_STREAM, streamId, ByteBuffer.allocate(Integer.BYTES).putInt(errorCode));
    }

    static Http2Frame goAway(int lastStreamId, int errorCode) {
        return of(GOAWAY, 0, ByteBuffer.allocate(8).putInt(lastStreamId).putInt(errorCode));
    }

    /// Room for more bytes of bodies on the whole connection.
    static Http2Frame windowUpdate(int numBytes) {
        return of(WINDOW_UPDATE, 0, ByteBuffer.allocate(Integer.BYTES).putInt(numBytes));
    }

    /// Whether it is the last of what the client says on its stream.
    boolean endsStream() {
        return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
    }

    /// Whether more of a head has to follow at once.
    boolean leavesHeadersOpen() {
        return (type == HEADERS || type == CONTINUATION) && (flags & END_HEADERS) == 0;
    }

    boolean isTooLarge() {
        return length > MAX_LENGTH;
    }

    BufferData buffer() {
        return BufferData.create(bytes);
    }
}
