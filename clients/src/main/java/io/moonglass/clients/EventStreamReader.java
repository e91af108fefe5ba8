package io.moonglass.clients;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/// Reads the data of server-sent events. Comments and the fields `event`, `id` and `retry` are
/// skipped.
///
/// Source: WHATWG HTML, "Server-sent events", parsing an event stream.
final class EventStreamReader {

    private final BufferedReader lines;

    EventStreamReader(InputStream stream) {
        this.lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
    }

    /// The next event's data, or null at the end of the stream. An event that the end cuts off is
    /// dropped.
    String next() throws IOException {
        StringBuilder data = null;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty()) {
                if (data != null) {
                    return data.toString();
                }
            } else if (line.equals("data") || line.startsWith("data:")) {
                data = data == null ? new StringBuilder() : data.append('\n');
                data.append(valueOf(line));
            }
        }
        return null;
    }

    private static String valueOf(String line) {
        String value = line.substring(Math.min(line.length(), "data:".length()));
        return value.startsWith(" ") ? value.substring(1) : value;
    }
}
