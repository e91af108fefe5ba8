package io.moonglass.server.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.moonglass.engine.RequestContext;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.server.observe.RequestReport;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/// One request and its answer. Used by the request's own thread alone. To close it gives back the memory
/// that its body was allowed.
final class Exchange implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Header NO_SNIFFING =
            HeaderValues.createCached("X-Content-Type-Options", "nosniff");
    private static final Header NOT_STORED =
            HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-store");
    private static final Header JSON_TYPE = HeaderValues.CONTENT_TYPE_JSON;

    private final ServerRequest request;
    private final ServerResponse response;
    private final BodyReader bodies;
    private final ClientLink client = ClientLink.CURRENT.get();
    private final BooleanSupplier stopping;
    private final BodyBudget.Share bodyShare;
    private final String requestId;
    private final RequestReport report;
    private Optional<String> traceId = Optional.empty();
    private Caller caller;
    private KeyUse keyUse = KeyUse.UNLIMITED;
    private FaultShape faultShape = FaultShape.OPENAI;
    private boolean bodyRead;
    private long bodyBytes;
    private long historyBytes;
    private RequestFiles files;
    private HttpFault fault;

    /// @param timeline   that began with it
    /// @param keepsTexts whether what is asked and answered is for the log
    /// @param stopping whether the server stops, so that connections are not to be used again
    Exchange(
            ServerRequest request,
            ServerResponse response,
            BodyReader bodies,
            RequestTimeline timeline,
            boolean keepsTexts,
            BooleanSupplier stopping) {
        this.stopping = stopping;
        this.request = request;
        this.response = response;
        this.bodies = bodies;
        this.bodyShare = bodies.budget().share();
        this.requestId = RequestId.of(request.headers());
        this.report = new RequestReport(requestId, method(), path(), timeline, keepsTexts);
        response.header(RequestId.HEADER, requestId);
        response.header(NO_SNIFFING);
        response.header(NOT_STORED);
    }

    String requestId() {
        return requestId;
    }

    /// The time since its head was read.
    Duration age() {
        return timeline().length();
    }

    /// The stages that it has been in until now.
    RequestTimeline timeline() {
        return report.timeline();
    }

    /// What is told of it when it has ended.
    RequestReport report() {
        return report;
    }

    /// It is a part of this trace.
    void tracedAs(Optional<String> id) {
        traceId = id;
    }

    /// What lines of the log say of it, as far as that is known.
    RequestContext context() {
        return new RequestContext(requestId, traceId, report.keyName());
    }

    /// Finds out who sent it, before anything else of it is looked at.
    ///
    /// @throws HttpFault 401 if that must be told and is not
    void identify(Optional<ApiKeys> keys) {
        caller = Caller.of(request.headers(), keys);
        report.comesFrom(caller.tenant());
        keyUse = keys.map(some -> some.useOf(caller.tenant())).orElse(KeyUse.UNLIMITED);
    }

    /// What its key has used; not limited where no keys are wanted.
    KeyUse keyUse() {
        return keyUse;
    }

    /// How its client is told of faults from now on.
    void faultsAs(FaultShape shape) {
        faultShape = shape;
    }

    /// Who sent it; not to be asked before that was found out.
    Caller caller() {
        return caller;
    }

    String method() {
        return request.prologue().method().text();
    }

    /// The path with its percent-encoding undone; as it came where that cannot be, which is no path of ours.
    String path() {
        try {
            return request.path().path();
        } catch (IllegalArgumentException e) {
            return request.path().rawPath();
        }
    }

    /// A parameter of the query; empty if it is not there.
    Optional<String> query(String name) {
        return request.query().first(name).asOptional();
    }

    ClientLink client() {
        return client;
    }

    /// A header of the request; empty if it is not there.
    Optional<String> header(HeaderName name) {
        return request.headers().first(name);
    }

    /// The whole body as JSON.
    ///
    /// @throws HttpFault 415 or 400 if it is something else, 408 if it comes too slowly, 429 if there is
    ///                   no memory for it now
    JsonNode readJson() {
        checkContentType();
        return read(bodyShare::cover, maxBodyBytes(), body -> bodies.json().read(body));
    }

    /// Whether the body is a form with files.
    boolean isForm() {
        return contentType().toLowerCase(Locale.ROOT).startsWith("multipart/form-data");
    }

    /// The whole body as a form.
    ///
    /// @param reader reads all of it
    /// @throws HttpFault as [#readJson()] does
    <T> T readForm(FormReader<T> reader) {
        return readForm(bodyShare::cover, maxBodyBytes(), reader);
    }

    /// The same for a form of which little is kept in memory, so that it may be larger than other bodies.
    <T> T readUpload(long maxBytes, FormReader<T> reader) {
        if (!isForm()) {
            throw HttpFault.unsupportedContentType("multipart/form-data");
        }
        return readForm(_ -> {}, maxBytes, reader);
    }

    private <T> T readForm(LongConsumer memory, long maxBytes, FormReader<T> reader) {
        return read(
                memory,
                maxBytes,
                body -> {
                    T form = reader.read(MultipartBody.of(body, contentType()));
                    body.transferTo(
                            OutputStream.nullOutputStream()); // what comes after the last part
                    return form;
                });
    }

    private int maxBodyBytes() {
        return bodies.json().maxBodyBytes();
    }

    /// Makes something of a form, part by part.
    interface FormReader<T> {
        T read(MultipartBody form) throws IOException;
    }

    private interface BodyUse<T> {
        T read(InputStream body) throws IOException;
    }

    /// @param memory   told how many bytes there are together, before more of them are read
    /// @param maxBytes of the whole body
    private <T> T read(LongConsumer memory, long maxBytes, BodyUse<T> use) {
        if (request.headers().contains(HeaderNames.CONTENT_ENCODING)) {
            throw HttpFault.encodedBody();
        }
        long announcedBytes = request.headers().contentLength().orElse(0);
        if (announcedBytes > maxBytes) {
            throw HttpFault.bodyTooLarge(maxBytes);
        }
        memory.accept(announcedBytes);
        client().readUntil(new BodyDeadline(bodies.timeout(), announcedBytes));
        BodyStream body = new BodyStream(request.content().inputStream(), memory, maxBytes);
        try {
            return use.read(body);
        } catch (InsufficientDataAvailableException | UncheckedIOException | IOException e) {
            throw new CloseConnectionException("the client left while it sent the body", e);
        } catch (RequestException e) {
            throw client().whyUnreadable().orElseGet(() -> unreadable(e.status(), maxBytes));
        } catch (HttpException e) {
            throw unreadable(e.status(), maxBytes);
        } catch (IllegalArgumentException e) {
            // a chunk's length that is no number
            throw unreadable(Status.BAD_REQUEST_400, maxBytes);
        } finally {
            client().readWithoutDeadline();
            bodyRead = body.ended();
            bodyBytes = body.numBytes();
        }
    }

    /// Makes room for what was stored by earlier requests and is read beside the body.
    ///
    /// @param bytes all of it so far
    /// @throws HttpFault 429 if there is no memory for it now
    void coverHistory(long bytes) {
        historyBytes = bytes;
        coverAll();
    }

    /// The uploaded files that the request refers to.
    RequestFiles files() {
        if (files == null) {
            files = new RequestFiles(bodies.files(), caller, maxBodyBytes(), _ -> coverAll());
        }
        return files;
    }

    private void coverAll() {
        bodyShare.cover(bodyBytes + historyBytes + files().numBytes());
    }

    private static HttpFault unreadable(Status status, long maxBytes) {
        return status.code() == 413
                ? HttpFault.bodyTooLarge(maxBytes)
                : HttpFault.malformed(status.code());
    }

    @Override
    public void close() {
        bodyShare.close();
    }

    /// Tells this in the answer's head, whatever it will be.
    void header(HeaderName name, String value) {
        response.header(name, value);
    }

    /// The same by the header's name.
    void header(String name, String value) {
        response.header(name, value);
    }

    /// Answers with a head alone.
    void answerNothing() {
        response.status(Status.NO_CONTENT_204);
        response.send();
    }

    /// Answers that what the client has is still so.
    void answerNotModified() {
        report.sent(304);
        closeIfStopping();
        response.status(Status.NOT_MODIFIED_304);
        response.send();
    }

    void answer(Object body) {
        send(200, JSON_TYPE, json(body));
    }

    /// Answers that there is nothing to be had now, which is no fault.
    void answerUnavailable(Object body, Duration retryAfter) {
        response.header(HttpFault.retryAfter(retryAfter));
        send(503, JSON_TYPE, json(body));
    }

    /// Answers with what is no JSON.
    void answer(String contentType, byte[] body) {
        send(200, HeaderValues.create(HeaderNames.CONTENT_TYPE, contentType), body);
    }

    /// Answers with bytes that are read while they are sent, which nobody is to take for anything else.
    ///
    /// @throws CloseConnectionException if the client leaves, or the bytes cannot be read to their end
    void answer(InputStream bytes, long numBytes) {
        response.header(HeaderNames.CONTENT_DISPOSITION, "attachment");
        response.header(HeaderValues.CONTENT_TYPE_OCTET_STREAM);
        response.contentLength(numBytes);
        report.sent(200);
        closeIfStopping();
        try (OutputStream answer = response.outputStream()) {
            bytes.transferTo(answer);
        } catch (IOException | RuntimeException e) {
            throw new CloseConnectionException("a file was not sent to its end", e);
        }
    }

    void fail(HttpFault told) {
        fault = told;
        told.headers().forEach(response::header);
        send(told.status(), JSON_TYPE, json(faultShape.body(told, requestId)));
    }

    /// Tells of a fault in the middle of a stream, whose status is long sent.
    void fail(HttpFault told, Reply reply, EventStream stream) {
        fault = told;
        reply.fault(stream, told);
    }

    /// The same in a stream of plain objects.
    void failInStream(HttpFault told, EventStream stream) {
        fault = told;
        stream.send(told.body());
    }

    /// What the client was told went wrong; empty if nothing was.
    Optional<HttpFault> fault() {
        return Optional.ofNullable(fault);
    }

    /// Starts an answer of server-sent events with status 200.
    EventStream answerWithEvents() {
        report.sent(200);
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        closeIfStopping();
        // nginx would hold the events back otherwise
        response.header("X-Accel-Buffering", "no");
        return new EventStream(response.outputStream());
    }

    /// So that a client's next request goes to a server that stays.
    private void closeIfStopping() {
        if (stopping.getAsBoolean()) {
            client.endAfter(response);
        }
    }

    static byte[] json(Object value) {
        try {
            return JSON.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass() + " as JSON", e);
        }
    }

    private void send(int status, Header contentType, byte[] body) {
        report.sent(status);
        if (request.content().hasEntity() && !bodyRead) {
            client().leaveBody(response);
        }
        closeIfStopping();
        response.status(status);
        response.header(contentType);
        // what follows a HEAD would pass for the next answer
        byte[] sent = method().equals("HEAD") ? new byte[0] : body;
        try {
            response.send(sent);
        } catch (RuntimeException e) {
            throw client().hasLeft()
                    ? new CloseConnectionException("the client left before it was answered", e)
                    : e;
        }
    }

    private String contentType() {
        return request.headers().first(HeaderNames.CONTENT_TYPE).orElse("application/json");
    }

    /// JSON in UTF-8 is what is read; a request that names no type is taken to mean it.
    private void checkContentType() {
        String header = contentType();
        String[] parts = header.toLowerCase(Locale.ROOT).split(";", -1);
        boolean taken = parts[0].strip().equals("application/json");
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            taken &= !parameter.startsWith("charset=") || parameter.matches("charset=utf-?8");
        }
        if (!taken) {
            throw HttpFault.unsupportedContentType("application/json in UTF-8");
        }
    }
}
