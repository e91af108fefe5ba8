package io.moonglass.server.observe;

import io.moonglass.engine.RequestContext;
import io.moonglass.loader.fault.OneLine;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/// A line of plain text for each record: local time, level, logger, the request's id in brackets where there is one, and
/// the message. A stack trace follows on lines of its own, which begin with a tab.
public final class TextLogFormat extends Formatter {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS", Locale.ROOT);

    /// For the log manager's use, too.
    public TextLogFormat() {}

    @Override
    public String format(LogRecord entry) {
        StringBuilder line = new StringBuilder();
        line.append(TIME.format(entry.getInstant().atZone(ZoneId.systemDefault())));
        line.append(' ').append(LogLevel.of(entry.getLevel()));
        line.append(' ').append(OneLine.of(String.valueOf(entry.getLoggerName())));
        RequestContext.current()
                .ifPresent(request ->
                        line.append(" [").append(OneLine.of(request.requestId())).append(']'));
        line.append(": ").append(OneLine.of(formatMessage(entry)));
        if (entry instanceof RecordWithFields record) {
            record.fields().forEach((name, value) -> append(line, name, value));
        }
        line.append('\n');
        if (entry.getThrown() != null) {
            line.append(StackTrace.of(entry.getThrown()));
        }
        return line.toString();
    }

    private static void append(StringBuilder line, String name, Object value) {
        if (value instanceof Map<?, ?> parts) {
            parts.forEach((part, of) -> append(line, name + '.' + part, of));
        } else {
            line.append(' ').append(name).append('=').append(word(value));
        }
    }

    private static String word(Object value) {
        String text = OneLine.of(String.valueOf(value));
        boolean isWord = !text.isEmpty() && text.indexOf(' ') < 0 && text.indexOf('"') < 0;
        return isWord ? text : '"' + text.replace("\"", "\\\"") + '"';
    }
}
