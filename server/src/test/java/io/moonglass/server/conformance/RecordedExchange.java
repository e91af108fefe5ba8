package io.moonglass.server.conformance;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/// A request and what came back, as they went over the wire.
///
/// @param path    without its query, percent-encoding undone
/// @param headers of the answer, by their names in lower case
/// @param whole   the answer came to its end
record RecordedExchange(
        String method,
        String path,
        String requestType,
        byte[] request,
        int status,
        Map<String, String> headers,
        byte[] answer,
        boolean whole) {

    /// The answer's content type without its parameters.
    String answerType() {
        return mediaType(headers.getOrDefault("content-type", ""));
    }

    static String mediaType(String header) {
        return header.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    }

    String requestText() {
        return new String(request, StandardCharsets.UTF_8);
    }

    String answerText() {
        return new String(answer, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "%s %s %s\n-> %d %s"
                .formatted(method, path, shortened(requestText()), status, shortened(answerText()));
    }

    private static String shortened(String text) {
        return text.length() <= 2_000
                ? text
                : text.substring(0, 2_000) + "... (%,d characters)".formatted(text.length());
    }
}
