package io.moonglass.server.observe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.moonglass.engine.RequestContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/// A JSON object on a line for each record.
public final class JsonLogFormat extends Formatter {

    /// All but ASCII is escaped, so that neither the terminal's encoding nor half a character breaks a line.
    private static final JsonMapper JSON =
            JsonMapper.builder(new JsonFactory()).enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /// For the log manager's use, too.
    public JsonLogFormat() {}

    @Override
    public String format(LogRecord entry) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put(
                "timestamp",
                DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                        entry.getInstant()
                                .truncatedTo(ChronoUnit.MILLIS)
                                .atZone(ZoneId.systemDefault())));
        line.put("level", LogLevel.of(entry.getLevel()).name());
        line.put("logger", entry.getLoggerName());
        line.put("thread", Thread.currentThread().getName());
        line.put("message", formatMessage(entry));
        RequestContext.current().ifPresent(request -> put(line, request));
        if (entry instanceof RecordWithFields record) {
            line.putAll(record.fields());
        }
        if (entry.getThrown() != null) {
            line.put("exception", exception(entry.getThrown()));
        }
        try {
            return JSON.writeValueAsString(line) + '\n';
        } catch (IOException e) {
            throw new UncheckedIOException("a record of the log cannot be written as JSON", e);
        }
    }

    private static void put(Map<String, Object> line, RequestContext request) {
        line.put("request_id", request.requestId());
        request.traceId().ifPresent(id -> line.put("trace_id", id));
        request.keyName().ifPresent(name -> line.put("key", name));
    }

    private static Map<String, Object> exception(Throwable fault) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("type", fault.getClass().getName());
        told.put("message", fault.getMessage());
        told.put("stack", StackTrace.of(fault));
        return told;
    }
}
