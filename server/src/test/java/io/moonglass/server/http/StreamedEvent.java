package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;

/// One server-sent event that has a name.
record StreamedEvent(String name, JsonNode data) {

    /// Those of a whole stream; comments are left out.
    static List<StreamedEvent> of(String stream) {
        return Arrays.stream(stream.split("\n\n"))
                .filter(event -> !event.startsWith(":") && !event.isBlank())
                .map(StreamedEvent::read)
                .toList();
    }

    private static StreamedEvent read(String event) {
        String[] lines = event.split("\n");
        return new StreamedEvent(
                lines[0].substring("event: ".length()),
                RunningServer.json(lines[1].substring("data: ".length())));
    }

    static List<String> names(List<StreamedEvent> events) {
        return events.stream().map(StreamedEvent::name).toList();
    }

    /// The last event's data.
    static JsonNode last(String stream) {
        return of(stream).getLast().data();
    }
}
