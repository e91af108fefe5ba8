package io.moonglass.clients;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/// Reads the data of server-sent events from the bytes of a stream, however they are cut. Comments and the fields
/// `event`, `id` and `retry` are skipped.
///
/// Source: WHATWG HTML, "Server-sent events", parsing an event stream.
final class EventStreamParser {

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

    private final int maxEventBytes;
    private final Consumer<String> events;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private StringBuilder data;
    private boolean isFirstLine = true;
    private boolean isAfterReturn;

    /// @param maxEventBytes of a line, and of the data of an event
    /// @param events        takes the data of each event
    EventStreamParser(int maxEventBytes, Consumer<String> events) {
        this.maxEventBytes = maxEventBytes;
        this.events = events;
    }

    /// Takes the bytes that come next. What the end of the stream cuts off never becomes an event.
    ///
    /// @throws IOException if an event is larger than the limit
    void read(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            byte next = bytes.get();
            if (next == '\n' && isAfterReturn) {
                isAfterReturn = false; // the second half of one line end
            } else if (next == '\n' || next == '\r') {
                isAfterReturn = next == '\r';
                endLine();
            } else {
                isAfterReturn = false;
                if (line.size() == maxEventBytes) {
                    throw tooLarge();
                }
                line.write(next);
            }
        }
    }

    private void endLine() throws IOException {
        byte[] bytes = line.toByteArray();
        line.reset();
        int from = isFirstLine && startsWithMark(bytes) ? BYTE_ORDER_MARK.length : 0;
        isFirstLine = false;
        String text = new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8);
        if (text.isEmpty()) {
            if (data != null) {
                String whole = data.toString();
                data = null;
                events.accept(whole);
            }
        } else if (text.equals("data") || text.startsWith("data:")) {
            data = data == null ? new StringBuilder() : data.append('\n');
            data.append(valueOf(text));
            if (data.length() > maxEventBytes) {
                throw tooLarge();
            }
        }
    }

    private static boolean startsWithMark(byte[] bytes) {
        return bytes.length >= 3
                && bytes[0] == BYTE_ORDER_MARK[0]
                && bytes[1] == BYTE_ORDER_MARK[1]
                && bytes[2] == BYTE_ORDER_MARK[2];
    }

    private static String valueOf(String line) {
        String value = line.substring(Math.min(line.length(), "data:".length()));
        return value.startsWith(" ") ? value.substring(1) : value;
    }

    private IOException tooLarge() {
        return new IOException("an event of more than %,d bytes".formatted(maxEventBytes));
    }
}
