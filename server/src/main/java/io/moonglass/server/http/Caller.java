package io.moonglass.server.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.Optional;

/// Who sent a request.
///
/// @param tenant the name of the key that was sent; empty where no keys are wanted
record Caller(String tenant) {

    private static final HeaderName API_KEY = HeaderNames.create("X-Api-Key");
    private static final String BEARER = "bearer ";

    /// @param keys those that are taken; empty if none is wanted
    /// @throws HttpFault 401 if one is wanted and none of them was sent
    static Caller of(Headers headers, Optional<ApiKeys> keys) {
        if (keys.isEmpty()) {
            return new Caller("");
        }
        return keyIn(headers)
                .flatMap(keys.get()::nameOf)
                .map(Caller::new)
                .orElseThrow(HttpFault::invalidApiKey);
    }

    /// The key of the `Authorization` header, else that of `X-Api-Key`, as some clients send it.
    private static Optional<String> keyIn(Headers headers) {
        return headers.first(HeaderNames.AUTHORIZATION)
                .filter(value -> value.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(value -> value.substring(BEARER.length()).strip())
                .or(() -> headers.first(API_KEY));
    }
}
