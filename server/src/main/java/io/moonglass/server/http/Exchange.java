package io.moonglass.server.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;

/// One request and its answer. Used by the request's own thread alone.
final class Exchange {

    private static final System.Logger LOG = System.getLogger(Exchange.class.getName());
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ServerRequest request;
    private final ServerResponse response;
    private final JsonBody jsonBody;
    private final String requestId;

    Exchange(ServerRequest request, ServerResponse response, JsonBody jsonBody) {
        this.request = request;
        this.response = response;
        this.jsonBody = jsonBody;
        this.requestId = RequestId.of(request.headers());
        response.header(RequestId.HEADER, requestId);
    }

    String requestId() {
        return requestId;
    }

    String method() {
        return request.prologue().method().text();
    }

    /// The path with its percent-encoding undone.
    String path() {
        return request.path().path();
    }

    ClientConnection client() {
        return ClientConnection.CURRENT.get();
    }

    /// The whole body as JSON.
    ///
    /// @throws HttpFault 415 or 400 if it is something else
    JsonNode readJson() {
        checkContentType();
        try {
            return jsonBody.read(request.content().inputStream());
        } catch (InsufficientDataAvailableException | UncheckedIOException | IOException e) {
            throw new CloseConnectionException("the client left while it sent the body", e);
        } catch (RequestException e) {
            throw unreadable(e.status());
        } catch (HttpException e) {
            throw unreadable(e.status());
        } catch (IllegalArgumentException e) {
            // a chunk's length that is no number
            throw unreadable(Status.BAD_REQUEST_400);
        }
    }

    /// Where the body ends is unknown now, so the connection cannot carry another request.
    private HttpFault unreadable(Status status) {
        response.header(HeaderValues.CONNECTION_CLOSE);
        if (status.code() == 413) {
            client().closeSlowly();
            return HttpFault.bodyTooLarge(jsonBody.maxBodyBytes());
        }
        return HttpFault.malformed(status.code());
    }

    void answer(Object body) {
        send(200, body);
    }

    void fail(HttpFault fault) {
        if (fault.status() == 503) {
            response.header(HeaderNames.RETRY_AFTER, "5");
        }
        send(fault.status(), fault.body());
    }

    void fail(HttpFault fault, String allowedMethods) {
        response.header(HeaderNames.ALLOW, allowedMethods);
        fail(fault);
    }

    /// Starts an answer of server-sent events with status 200.
    EventStream answerWithEvents() {
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        response.header(HeaderNames.CACHE_CONTROL, "no-cache");
        // nginx would hold the events back otherwise
        response.header("X-Accel-Buffering", "no");
        return new EventStream(response.outputStream());
    }

    static byte[] json(Object value) {
        try {
            return JSON.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass() + " as JSON", e);
        }
    }

    private void send(int status, Object body) {
        LOG.log(
                System.Logger.Level.DEBUG,
                () ->
                        "request %s: %s %s: %d"
                                .formatted(requestId, method(), request.path().rawPath(), status));
        response.status(status);
        response.header(HeaderValues.CONTENT_TYPE_JSON);
        response.send(json(body));
    }

    /// JSON in UTF-8 is what is read; a request that names no type is taken to mean it.
    private void checkContentType() {
        String header =
                request.headers().first(HeaderNames.CONTENT_TYPE).orElse("application/json");
        String[] parts = header.toLowerCase(Locale.ROOT).split(";", -1);
        boolean taken = parts[0].strip().equals("application/json");
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            taken &= !parameter.startsWith("charset=") || parameter.matches("charset=utf-?8");
        }
        if (!taken) {
            throw HttpFault.invalidRequest(
                    415,
                    "unsupported_content_type",
                    "the body's content type is not taken; want application/json in UTF-8");
        }
    }
}
