package io.moonglass.server.http;

import io.helidon.webserver.CloseConnectionException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/// An answer of server-sent events. Every event is on its way when the method returns.
///
/// Source: WHATWG HTML, "Server-sent events".
final class EventStream {

    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END_OF_EVENT = "\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PING = ": ping\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);

    private final OutputStream stream;

    EventStream(OutputStream stream) {
        this.stream = stream;
    }

    /// One event with a JSON value, which has no line breaks.
    void send(Object value) {
        byte[] json = Exchange.json(value);
        ByteArrayOutputStream event =
                new ByteArrayOutputStream(DATA.length + json.length + END_OF_EVENT.length);
        event.writeBytes(DATA);
        event.writeBytes(json);
        event.writeBytes(END_OF_EVENT);
        write(event.toByteArray());
    }

    /// One event that has a name, too.
    ///
    /// @param name a plain word
    void send(String name, Object value) {
        byte[] json = Exchange.json(value);
        ByteArrayOutputStream event = new ByteArrayOutputStream(json.length + 64);
        event.writeBytes(("event: " + name + "\n").getBytes(StandardCharsets.US_ASCII));
        event.writeBytes(DATA);
        event.writeBytes(json);
        event.writeBytes(END_OF_EVENT);
        write(event.toByteArray());
    }

    /// A comment, which readers skip.
    void ping() {
        write(PING);
    }

    /// The mark after the last event.
    void done() {
        write(DONE);
    }

    /// Ends the answer; without [#done()] before it, readers know that something is missing.
    void close() {
        try {
            stream.close();
        } catch (IOException | RuntimeException e) {
            throw clientGone(e);
        }
    }

    private void write(byte[] bytes) {
        try {
            stream.write(bytes);
            stream.flush();
        } catch (IOException | RuntimeException e) {
            throw clientGone(e);
        }
    }

    private static CloseConnectionException clientGone(Exception cause) {
        return new CloseConnectionException("the client left in the middle of a stream", cause);
    }
}
