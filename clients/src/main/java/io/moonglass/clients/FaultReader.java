package io.moonglass.clients;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.clients.Fault.Advice;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/// Makes exceptions of what servers and connections say.
///
/// @param base where the server is
record FaultReader(String base) {

    private static final int MAX_SHOWN_BYTES = 200;

    /// An answer that is no success.
    MoonglassException ofAnswer(int status, HttpHeaders headers, byte[] body) {
        Optional<String> mayRetry = headers.firstValue("X-Should-Retry");
        Advice advice =
                mayRetry.filter("false"::equalsIgnoreCase).isPresent()
                        ? Advice.NEVER
                        : adviceOf(status);
        return MoonglassException.of(
                fault(status, error(body), retryAfter(headers), advice, shown(status, body)));
    }

    /// An error in the middle of a stream.
    MoonglassException ofEvent(JsonNode error) {
        String code = textOf(error, "code");
        boolean mayPass =
                "server_shutting_down".equals(code)
                        || "overloaded".equals(code)
                        || "memory_pressure".equals(code);
        return MoonglassException.of(
                fault(
                        200,
                        error,
                        null,
                        mayPass ? Advice.ALWAYS : Advice.NEVER,
                        base + " broke the answer off"));
    }

    /// What is answered is not what was asked for.
    MoonglassException ofNonsense(Throwable cause) {
        return new ServerErrorException(
                Fault.local(base + " answered with what is no such JSON", Advice.NEVER, cause));
    }

    /// No answer came, or not all of it.
    ///
    /// @param hasBegun whether some of it had come
    MoonglassException ofConnection(Throwable fault, boolean hasBegun) {
        Throwable cause =
                fault instanceof CompletionException && fault.getCause() != null
                        ? fault.getCause()
                        : fault;
        if (cause instanceof MoonglassException) {
            return (MoonglassException) cause;
        }
        String message = "no answer from %s: %s".formatted(base, reasonOf(cause));
        if (cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException) {
            return new UnavailableException(Fault.local(message, Advice.ALWAYS, cause));
        }
        if (cause instanceof HttpTimeoutException) {
            return new DeadlineExceededException(Fault.local(message, Advice.NEVER, cause));
        }
        if (cause instanceof IOException) {
            return hasBegun
                    ? new ConnectionLostException(
                            Fault.local(
                                    "the connection to %s broke off: %s"
                                            .formatted(base, reasonOf(cause)),
                                    Advice.IF_REPEATABLE,
                                    cause))
                    : new UnavailableException(Fault.local(message, Advice.IF_REPEATABLE, cause));
        }
        return new ServerErrorException(Fault.local(message, Advice.NEVER, cause));
    }

    private static Advice adviceOf(int status) {
        switch (status) {
            case 429:
            case 503:
                return Advice.ALWAYS;
            case 502:
                return Advice.IF_REPEATABLE; // a proxy's server was there and is gone
            default:
                return Advice.NEVER;
        }
    }

    /// @param error a string, as some servers send it, an object, or null
    private static Fault fault(
            int status, JsonNode error, Duration retryAfter, Advice advice, String absent) {
        if (error == null) {
            return new Fault(status, absent, null, null, null, retryAfter, advice, null);
        }
        String message = error.isTextual() ? error.textValue() : textOf(error, "message");
        return new Fault(
                status,
                message == null ? absent : message,
                textOf(error, "type"),
                textOf(error, "param"),
                textOf(error, "code"),
                retryAfter,
                advice,
                null);
    }

    private static JsonNode error(byte[] body) {
        try {
            JsonNode root = Json.MAPPER.readTree(body);
            return root != null && root.hasNonNull("error") ? root.get("error") : null;
        } catch (IOException e) {
            return null; // some proxy's page
        }
    }

    private String shown(int status, byte[] body) {
        String text =
                new String(body, 0, Math.min(body.length, MAX_SHOWN_BYTES), StandardCharsets.UTF_8);
        return "%s answered with status %d: %s".formatted(base, status, text.strip());
    }

    private static String textOf(JsonNode error, String key) {
        return error.hasNonNull(key) ? error.get(key).asText() : null;
    }

    /// Whole seconds, or a day and hour; null for anything else.
    private static Duration retryAfter(HttpHeaders headers) {
        String value = headers.firstValue("Retry-After").orElse("");
        if (value.matches("\\d{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(value));
        }
        try {
            Instant then =
                    ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            Duration wait = Duration.between(Instant.now(), then);
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static String reasonOf(Throwable fault) {
        if (fault instanceof ConnectException) {
            boolean isUnknown = fault.getCause() instanceof UnknownHostException;
            return isUnknown ? "no such host" : "cannot connect; is it running there?";
        }
        if (fault instanceof ClosedChannelException) {
            return "the connection was closed";
        }
        return fault.getMessage() == null ? fault.getClass().getSimpleName() : fault.getMessage();
    }
}
