package io.moonglass.server.http;

import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.moonglass.engine.RequestContext;
import java.util.Optional;

/// Answers what the web server itself refuses, before a route or while it reads the body, in the
/// shape of every other error.
final class ProtocolFaults implements DirectHandler {

    private static final System.Logger LOG = System.getLogger(ProtocolFaults.class.getName());

    private final long maxBodyBytes;

    private ProtocolFaults(long maxBodyBytes) {
        this.maxBodyBytes = maxBodyBytes;
    }

    static DirectHandlers handlers(long maxBodyBytes) {
        ProtocolFaults faults = new ProtocolFaults(maxBodyBytes);
        DirectHandlers.Builder handlers = DirectHandlers.builder();
        for (EventType type : EventType.values()) {
            handlers.addHandler(type, faults);
        }
        return handlers.build();
    }

    @Override
    public TransportResponse handle(
            TransportRequest request,
            EventType type,
            Status status,
            ServerResponseHeaders headers,
            String message) {
        if (ClientLink.CURRENT.get() instanceof ClientConnection connection
                && (status.code() == 413 || isEncoded(request))) {
            connection.closeSlowly();
        }
        String requestId = RequestId.of(request.headers());
        HttpFault fault = fault(request, status.code(), requestId);
        new RequestContext(requestId, Optional.empty(), Optional.empty())
                .run(() ->
                        LOG.log(
                                System.Logger.Level.DEBUG,
                                "refused before it was read: {0}",
                                fault.code()));
        fault.headers().forEach(headers::set);
        headers.set(RequestId.HEADER, requestId);
        headers.set(HeaderValues.CONTENT_TYPE_JSON);
        return TransportResponse.builder()
                .status(Status.create(fault.status()))
                .headers(headers)
                .keepAlive(type.keepAlive())
                .entity(Exchange.json(fault.body()))
                .build();
    }

    private HttpFault fault(TransportRequest request, int status, String requestId) {
        if (isEncoded(request)) {
            return HttpFault.encodedBody();
        }
        return switch (status) {
            case 413 -> HttpFault.bodyTooLarge(maxBodyBytes);
            case 431 ->
                    HttpFault.invalidRequest(431, "headers_too_large", "the headers are too large");
            case 503 -> HttpFault.overloaded("too many requests at once");
            default ->
                    status >= 500 && status != 501 && status != 505
                            ? HttpFault.internal(requestId)
                            : HttpFault.malformed(status);
        };
    }

    private static boolean isEncoded(TransportRequest request) {
        return request.headers().contains(HeaderNames.CONTENT_ENCODING);
    }
}
