package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventStreamParserTest {

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

    @Test
    void a_byte_order_mark_is_no_part_of_the_first_line() throws IOException {
        assertEquals(List.of("a"), read("\ufeffdata: a\n\n"));
    }

    @Test
    void an_event_without_end_is_refused_before_it_fills_the_memory() {
        EventStreamParser parser = new EventStreamParser(100, event -> {});

        assertThrows(IOException.class, () -> parser.read(bytes("data: " + "x".repeat(100))));
        EventStreamParser inLines = new EventStreamParser(100, event -> {});
        assertThrows(IOException.class, () -> inLines.read(bytes("data: xxxxxxxxx\n".repeat(20))));
    }

    /// Cut in every way that there is: into single bytes, and not at all.
    private static List<String> read(String stream) throws IOException {
        List<String> events = new ArrayList<>();
        new EventStreamParser(1_000, events::add).read(bytes(stream));
        List<String> piecewise = new ArrayList<>();
        EventStreamParser parser = new EventStreamParser(1_000, piecewise::add);
        for (byte next : bytes(stream).array()) {
            parser.read(ByteBuffer.wrap(new byte[] {next}));
        }
        assertEquals(events, piecewise);
        return events;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
