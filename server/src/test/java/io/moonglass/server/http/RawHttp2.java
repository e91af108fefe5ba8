package io.moonglass.server.http;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;

/// A client of HTTP/2 whose frames a test writes itself, and that reads the server's one by one.
final class RawHttp2 implements AutoCloseable {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;
    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;

    // of HPACK's static table
    private static final int AUTHORITY = 1;
    private static final int METHOD = 2;
    private static final int PATH = 4;
    private static final int SCHEME = 6;

    record Frame(int type, int flags, int streamId, byte[] payload) {

        boolean endsStream() {
            return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
        }

        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        /// The newest stream that a farewell leaves open.
        int lastStreamId() {
            return ByteBuffer.wrap(payload).getInt();
        }

        /// Of a reset or a farewell.
        int errorCode() {
            return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? 4 : 0);
        }
    }

    private final Socket socket;
    private final DataInputStream in;

    RawHttp2(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
        socket.setSoTimeout(30_000);
        socket.getOutputStream()
                .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        send(SETTINGS, 0, 0, new byte[0]);
    }

    void send(int type, int flags, int streamId, byte[] payload) throws IOException {
        socket.getOutputStream().write(frame(type, flags, streamId, payload));
    }

    void sendRaw(byte[] frames) throws IOException {
        socket.getOutputStream().write(frames);
    }

    static byte[] frame(int type, int flags, int streamId, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .putInt(payload.length << 8 | type)
                .put((byte) flags)
                .putInt(streamId)
                .put(payload)
                .array();
    }

    void get(int streamId, String path) throws IOException {
        send(HEADERS, END_HEADERS | END_STREAM, streamId, head("GET", path));
    }

    /// A question, whole.
    void chat(int streamId, String body) throws IOException {
        send(HEADERS, END_HEADERS, streamId, head("POST", RunningServer.CHAT));
        send(DATA, END_STREAM, streamId, body.getBytes(StandardCharsets.UTF_8));
    }

    void reset(int streamId) throws IOException {
        send(RST_STREAM, 0, streamId, new byte[] {0, 0, 0, 8});
    }

    /// A head without any compression.
    ///
    /// @param more names and values in turn
    static byte[] head(String method, String path, String... more) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        pseudoField(block, METHOD, method);
        pseudoField(block, SCHEME, "http");
        pseudoField(block, PATH, path);
        pseudoField(block, AUTHORITY, "127.0.0.1");
        field(block, "content-type", "application/json");
        for (int i = 0; i < more.length; i += 2) {
            field(block, more[i], more[i + 1]);
        }
        return block.toByteArray();
    }

    /// Helidon takes the names of these by their index alone.
    private static void pseudoField(ByteArrayOutputStream block, int index, String value) {
        block.write(index);
        string(block, value);
    }

    private static void field(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        string(block, name);
        string(block, value);
    }

    private static void string(ByteArrayOutputStream block, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        int length = bytes.length;
        if (length < 127) {
            block.write(length);
        } else {
            block.write(127);
            for (length -= 127; length >= 128; length >>= 7) {
                block.write(length & 127 | 128);
            }
            block.write(length);
        }
        block.writeBytes(bytes);
    }

    /// The next frame; fails at the connection's end.
    Frame read() throws IOException {
        int first = in.readInt();
        int flags = in.readUnsignedByte();
        int streamId = in.readInt();
        byte[] payload = new byte[first >>> 8];
        in.readFully(payload);
        return new Frame(first & 0xff, flags, streamId, payload);
    }

    /// The next frame that is wanted; what comes before it is passed over.
    Frame await(Predicate<Frame> wanted) throws IOException {
        while (true) {
            Frame frame = read();
            if (wanted.test(frame)) {
                return frame;
            }
        }
    }

    /// All that comes as the answer's body on a stream.
    String body(int streamId) throws IOException {
        StringBuilder text = new StringBuilder();
        Frame frame;
        do {
            frame = await(some -> some.streamId() == streamId && some.type() != WINDOW_UPDATE);
            if (frame.type() == RST_STREAM) {
                throw new IOException("stream " + streamId + " was reset: " + frame.errorCode());
            }
            text.append(frame.type() == DATA ? frame.text() : "");
        } while (!frame.endsStream());
        return text.toString();
    }

    /// Reads until the server is through with this client; the farewell's error code, or -1 without one.
    int farewell() {
        int errorCode = -1;
        try {
            while (true) {
                Frame frame = read();
                if (frame.type() == GOAWAY) {
                    errorCode = frame.errorCode();
                }
            }
        } catch (EOFException e) {
            return errorCode;
        } catch (IOException e) {
            return errorCode; // cut off in the middle of what it was still sending
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
