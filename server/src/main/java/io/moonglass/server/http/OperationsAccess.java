package io.moonglass.server.http;

import io.helidon.http.HeaderNames;
import java.net.InetAddress;
import java.util.Optional;

/// Who may do more on the operations port than ask for health and metrics: whoever has a key of its own, or, where there
/// are no keys, whoever is on this machine and no web page.
///
/// @param keys    empty if there are none
/// @param address the one that is listened on
record OperationsAccess(Optional<ApiKeys> keys, InetAddress address) {

    /// @throws HttpFault 401 without a key, 403 where nobody may
    void refuseUnlessAllowed(Exchange exchange) {
        exchange.identify(keys);
        if (keys.isPresent()) {
            return;
        }
        if (!address.isLoopbackAddress()) {
            throw HttpFault.operationForbidden(
                    "others than this machine reach the operations port, and it has no keys; start the server with --operations-key-file, or with --operations-host 127.0.0.1");
        }
        if (exchange.header(HeaderNames.ORIGIN).isPresent() || !isForThisMachine(exchange)) {
            throw HttpFault.operationForbidden(
                    "the request comes from a web page, or by way of a name that is not this machine's own; ask 127.0.0.1 or localhost from a program");
        }
    }

    /// A page elsewhere can have its own name lead here, and would then be asked as if it were ours.
    private static boolean isForThisMachine(Exchange exchange) {
        String host = exchange.header(HeaderNames.HOST).orElse("");
        String name = host.replaceFirst(":[0-9]+$", "");
        return name.equals("localhost")
                || name.equals("[::1]")
                || name.matches("127(\\.[0-9]+){3}");
    }
}
