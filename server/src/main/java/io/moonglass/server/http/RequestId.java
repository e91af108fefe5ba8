package io.moonglass.server.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.UUID;

/// The id under which caller and log speak of one request.
final class RequestId {

    static final HeaderName HEADER = HeaderNames.create("X-Request-Id");

    private static final int MAX_CHARS = 128;

    private RequestId() {}

    /// The caller's own id if it can stand in a header and in a line of a log, else a new one.
    static String of(Headers headers) {
        return headers.first(HEADER).filter(RequestId::isUsable).orElseGet(RequestId::random);
    }

    /// 32 hexadecimal digits.
    static String random() {
        return UUID.randomUUID().toString().replace("-", "");
    }

    private static boolean isUsable(String id) {
        return !id.isEmpty()
                && id.length() <= MAX_CHARS
                && id.chars().allMatch(c -> c > ' ' && c < 0x7f);
    }
}
