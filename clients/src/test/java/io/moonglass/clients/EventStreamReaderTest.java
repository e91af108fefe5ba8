package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventStreamReaderTest {

    @Test
    void data_is_read_with_or_without_a_space() throws IOException {
        assertEquals(
                List.of("a", "b", " c", ""), read("data: a\n\ndata:b\n\ndata:  c\n\ndata\n\n"));
    }

    @Test
    void comments_and_other_fields_are_skipped() throws IOException {
        assertEquals(
                List.of("a"),
                read(": ping\n\nevent: x\nid: 7\nretry: 5\n: ping\ndata: a\nfoo\n\n: ping\n\n"));
    }

    @Test
    void lines_of_one_event_are_joined() throws IOException {
        assertEquals(List.of("a\n\nb", "c"), read("data: a\ndata\ndata: b\n\n\n\ndata: c\n\n"));
    }

    @Test
    void every_kind_of_line_end_is_one() throws IOException {
        assertEquals(List.of("a", "b", "☾"), read("data: a\r\n\r\ndata: b\r\rdata: ☾\n\n"));
    }

    @Test
    void an_event_that_the_end_cuts_off_is_dropped() throws IOException {
        assertEquals(List.of("a"), read("data: a\n\ndata: b\n"));
        assertEquals(List.of(), read(""));
    }

    private static List<String> read(String stream) throws IOException {
        EventStreamReader reader =
                new EventStreamReader(
                        new ByteArrayInputStream(stream.getBytes(StandardCharsets.UTF_8)));
        List<String> events = new ArrayList<>();
        for (String data = reader.next(); data != null; data = reader.next()) {
            events.add(data);
        }
        return events;
    }
}
