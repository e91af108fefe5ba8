package io.moonglass.server.http;

import io.helidon.http.HeaderNames;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// What browsers are told of who may ask. A page of another origin that is not among the allowed ones may not change
/// anything or have anything computed either, because some requests browsers send without asking first.
///
/// Source: WHATWG Fetch, "CORS protocol"; RFC 6454, "The Web Origin Concept".
final class Cors {

    private static final String EXPOSED = "X-Request-Id, Retry-After, X-Should-Retry";
    private static final String MAX_AGE_SECONDS = "600";
    private static final int MAX_HEADERS = 64;

    private final CorsOrigins origins;

    Cors(CorsOrigins origins) {
        this.origins = origins;
    }

    /// Tells a page that may read the answer so, whatever the answer will be.
    ///
    /// @throws HttpFault 403 if a page that may not ask has sent more than a look
    void apply(Exchange exchange) {
        Optional<String> origin = exchange.header(HeaderNames.ORIGIN);
        if (!origins.isEmpty() && !origins.allowsAny()) {
            exchange.header("Vary", "Origin");
        }
        if (origin.isEmpty()) {
            return;
        }
        if (origins.allows(origin.get())) {
            exchange.header(
                    "Access-Control-Allow-Origin", origins.allowsAny() ? "*" : origin.get());
            exchange.header("Access-Control-Expose-Headers", EXPOSED);
        } else if (!isLook(exchange.method()) && !isOwn(exchange, origin.get())) {
            throw HttpFault.originNotAllowed();
        }
    }

    private static boolean isLook(String method) {
        return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
    }

    /// Whether the page came from the address that it asks, as behind a proxy that serves both.
    private static boolean isOwn(Exchange exchange, String origin) {
        int host = origin.indexOf("://");
        return host > 0
                && exchange.header(HeaderNames.HOST)
                        .filter(origin.substring(host + 3)::equalsIgnoreCase)
                        .isPresent();
    }

    /// Answers a browser that asks, without any key, whether a page may send a request.
    ///
    /// @return whether it was such a question, of a page that may
    boolean answersPreflight(Exchange exchange, RouteTable table) {
        Optional<String> wanted = exchange.header(HeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
        boolean allowed = exchange.header(HeaderNames.ORIGIN).filter(origins::allows).isPresent();
        if (!exchange.method().equals("OPTIONS") || wanted.isEmpty() || !allowed) {
            return false;
        }
        exchange.header("Access-Control-Allow-Methods", table.methods(exchange.path()));
        exchange.header(HeaderNames.ACCESS_CONTROL_REQUEST_HEADERS)
                .map(Cors::names)
                .ifPresent(names -> exchange.header("Access-Control-Allow-Headers", names));
        exchange.header("Access-Control-Max-Age", MAX_AGE_SECONDS);
        exchange.answerNothing();
        return true;
    }

    /// A page may send whatever headers it wants to: none of them opens anything but a key.
    private static String names(String asked) {
        List<String> names = Arrays.asList(asked.split(",", MAX_HEADERS + 1));
        return names.stream()
                .limit(MAX_HEADERS)
                .map(String::strip)
                .filter(name -> name.matches("[A-Za-z0-9-]{1,64}"))
                .collect(Collectors.joining(", "));
    }
}
