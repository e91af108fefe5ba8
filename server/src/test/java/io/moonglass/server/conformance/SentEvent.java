package io.moonglass.server.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// One server-sent event.
///
/// @param name empty if it has none
///
/// Source: WHATWG HTML, "Server-sent events".
record SentEvent(String name, String data) {

    /// The events of a stream, without its comments. One that is cut is left out, as readers leave it out.
    static List<SentEvent> of(String stream) {
        List<SentEvent> events = new ArrayList<>();
        String[] blocks = stream.split("\n\n", -1);
        for (int i = 0; i + 1 < blocks.length; i++) {
            List<String> lines = blocks[i].lines().filter(line -> !line.startsWith(":")).toList();
            if (!lines.isEmpty()) {
                events.add(new SentEvent(field(lines, "event: "), field(lines, "data: ")));
            }
        }
        return events;
    }

    private static String field(List<String> lines, String prefix) {
        return lines.stream()
                .filter(line -> line.startsWith(prefix))
                .map(line -> line.substring(prefix.length()))
                .collect(Collectors.joining("\n"));
    }
}
