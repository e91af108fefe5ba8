package io.moonglass.clients;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;

/// What a client was built with.
///
/// @param base           where the server is, without a slash at its end
/// @param apiKey         asked before each try; it, and what it gives, may be null for no key
/// @param headers        sent with every request
/// @param requestTimeout of an answer that comes whole, all tries together
/// @param idleTimeout    of a stream, in which nothing comes
/// @param uploadOver     bytes from which on a medium is uploaded
/// @param requestId      of all requests; null for a new one each
record ClientSettings(
        HttpClient http,
        String base,
        Supplier<String> apiKey,
        Map<String, String> headers,
        Duration requestTimeout,
        Duration idleTimeout,
        RetryPolicy retries,
        long uploadOver,
        boolean cancelsOnServer,
        String requestId) {

    ClientSettings withApiKey(Supplier<String> key) {
        return new ClientSettings(
                http,
                base,
                key,
                headers,
                requestTimeout,
                idleTimeout,
                retries,
                uploadOver,
                cancelsOnServer,
                requestId);
    }

    ClientSettings withRequestId(String id) {
        return new ClientSettings(
                http,
                base,
                apiKey,
                headers,
                requestTimeout,
                idleTimeout,
                retries,
                uploadOver,
                cancelsOnServer,
                id);
    }
}
