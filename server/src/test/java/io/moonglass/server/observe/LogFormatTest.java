package io.moonglass.server.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.engine.RequestContext;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class LogFormatTest {

    private static final String HOSTILE =
            "a\n2026-01-01 00:00:00.000 ERROR x: forged\r\u2028\u0085\u001b[2J\u202e\ud800 \"q\"";

    private static final RequestContext REQUEST =
            new RequestContext("id-1", Optional.of("4bf9".repeat(8)), Optional.of("alice"));

    @Test
    void text_names_the_request_in_brackets_where_there_is_one() {
        String[] lines = {""};
        REQUEST.run(() -> lines[0] = text(entry("said", null)));

        assertTrue(lines[0].matches("\\S+ \\S+ WARNING io.moonglass.x \\[id-1]: said\n"), lines[0]);
        assertTrue(text(entry("said", null)).endsWith(" WARNING io.moonglass.x: said\n"));
    }

    @Test
    void json_has_all_that_is_known_on_one_line() throws IOException {
        JsonNode[] lines = {null};
        REQUEST.run(() -> lines[0] = json(entry("said", null)));
        JsonNode line = lines[0];

        OffsetDateTime.parse(line.get("timestamp").textValue());
        assertEquals("WARNING", line.get("level").textValue());
        assertEquals("io.moonglass.x", line.get("logger").textValue());
        assertEquals(Thread.currentThread().getName(), line.get("thread").textValue());
        assertEquals("said", line.get("message").textValue());
        assertEquals("id-1", line.get("request_id").textValue());
        assertEquals("4bf9".repeat(8), line.get("trace_id").textValue());
        assertEquals("alice", line.get("key").textValue());
        assertFalse(json(entry("said", null)).has("request_id"));
    }

    @Test
    void nothing_that_is_said_begins_another_line_or_steers_a_terminal() throws IOException {
        RequestContext hostile =
                new RequestContext(HOSTILE, Optional.empty(), Optional.of(HOSTILE));
        LogRecord fields = new RecordWithFields("l", Level.INFO, HOSTILE, Map.of("path", HOSTILE));
        fields.setThrown(new IllegalStateException(HOSTILE, new IOException(HOSTILE)));

        hostile.run(() -> {
            String[] text = text(fields).split("\n", -1);
            for (int i = 1; i < text.length - 1; i++) {
                assertTrue(text[i].startsWith("\t"), text[i]);
            }
            assertEquals(0, controls(String.join("", text).replace("\t", "")));

            String json = LogFormat.JSON.formatter().format(fields);
            assertEquals(json.length() - 1, json.indexOf('\n'));
            assertEquals(1, controls(json));
            assertEquals(HOSTILE, json(fields).get("path").textValue());
        });
    }

    private static long controls(String text) {
        return text.chars()
                .filter(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x202e)
                .count();
    }

    @Test
    void an_exception_is_told_with_its_type_message_and_stack() throws IOException {
        Exception fault = new IllegalStateException("outer", new IOException("inner"));

        JsonNode told = json(entry("failed", fault)).get("exception");

        assertEquals("java.lang.IllegalStateException", told.get("type").textValue());
        assertEquals("outer", told.get("message").textValue());
        String stack = told.get("stack").textValue();
        assertTrue(stack.contains("caused by: java.io.IOException: inner"), stack);
        assertTrue(stack.contains("\tat io.moonglass.server.observe.LogFormatTest."), stack);
    }

    @Test
    void a_stack_without_end_is_cut() {
        StackOverflowError fault = new StackOverflowError();
        fault.setStackTrace(
                java.util.Collections.nCopies(1_024, new StackTraceElement("a", "b", "c", 1))
                        .toArray(StackTraceElement[]::new));
        Exception self = new Exception("self", fault);
        fault.initCause(self);

        String stack = StackTrace.of(self);

        assertTrue(stack.contains("... 824 more"), stack);
        assertEquals(1, stack.split("self", -1).length - 1);
    }

    private static LogRecord entry(String message, Exception fault) {
        LogRecord entry = new LogRecord(Level.WARNING, message);
        entry.setLoggerName("io.moonglass.x");
        entry.setThrown(fault);
        return entry;
    }

    private static String text(LogRecord entry) {
        return LogFormat.TEXT.formatter().format(entry);
    }

    private static JsonNode json(LogRecord entry) {
        String line = LogFormat.JSON.formatter().format(entry);
        try {
            return new ObjectMapper().readTree(line);
        } catch (IOException e) {
            throw new AssertionError(line, e);
        }
    }
}
