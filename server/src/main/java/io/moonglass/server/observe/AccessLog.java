package io.moonglass.server.observe;

import io.moonglass.runtime.RequestTimeline;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/// One line of the log for each request that has ended. To be told in the request's context.
public final class AccessLog {

    static final String LOGGER = "io.moonglass.access";

    // held strongly, as its level may be set
    private static final Logger LOG = Logger.getLogger(LOGGER);

    /// Nobody needs more of an address that is none of ours.
    private static final int MAX_PATH_CHARS = 256;

    private AccessLog() {}

    /// @param isRoutine it is one of the many that only ask how the server is
    public static void tell(RequestReport report, boolean isRoutine) {
        Level level = isRoutine ? Level.FINE : Level.INFO;
        if (LOG.isLoggable(level)) {
            LOG.log(new RecordWithFields(LOGGER, level, "request ended", fields(report)));
        }
    }

    private static Map<String, Object> fields(RequestReport report) {
        Map<String, Object> fields = new LinkedHashMap<>();
        report.keyName().ifPresent(name -> fields.put("key", name));
        fields.put("method", report.method());
        fields.put("path", shortened(report.path()));
        report.status().ifPresent(code -> fields.put("status", code));
        fields.put("outcome", report.outcome().label());
        report.errorCode().ifPresent(code -> fields.put("error", code));
        RequestTimeline timeline = report.timeline();
        timeline.model().ifPresent(model -> fields.put("model", model));
        if (report.question().isPresent()) {
            fields.put("prompt_tokens", timeline.promptTokens());
            fields.put("cached_tokens", timeline.cachedTokens());
            fields.put("generated_tokens", timeline.generatedTokens());
            fields.put("pictures", report.numPictures());
            timeline.timeToFirstToken()
                    .ifPresent(time -> fields.put("time_to_first_token_seconds", seconds(time)));
            fields.put("stage_seconds", stages(timeline));
        }
        fields.put("duration_seconds", seconds(timeline.length()));
        if (report.question().isPresent()) {
            report.transcript().ifPresent(texts -> put(fields, texts));
        }
        return fields;
    }

    private static void put(Map<String, Object> fields, Transcript texts) {
        fields.put("prompt", texts.prompt());
        fields.put("answer", texts.answer());
    }

    private static Map<String, Object> stages(RequestTimeline timeline) {
        Map<String, Object> stages = new LinkedHashMap<>();
        for (RequestTimeline.Period period : timeline.periods()) {
            stages.put(period.stage().label(), seconds(period.active()));
        }
        return stages;
    }

    /// To the microsecond.
    private static double seconds(Duration time) {
        return time.toNanos() / 1_000 / 1e6;
    }

    private static String shortened(String path) {
        return path.length() <= MAX_PATH_CHARS ? path : path.substring(0, MAX_PATH_CHARS) + "...";
    }
}
