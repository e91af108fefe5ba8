package io.moonglass.server.observe;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/// A record of the log that says something for programs beside its message.
final class RecordWithFields extends LogRecord {

    private final transient Map<String, Object> fields;

    /// @param fields what Jackson can write, by names that are no standing field's of [JsonLogFormat]
    RecordWithFields(String logger, Level level, String message, Map<String, Object> fields) {
        super(level, message);
        this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        setLoggerName(logger);
    }

    /// In the order in which they are told.
    Map<String, Object> fields() {
        return fields;
    }
}
