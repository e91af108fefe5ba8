package io.moonglass.server.http;

import io.helidon.webserver.http.ServerResponse;
import java.util.Optional;

/// What joins one request to the client that waits for its answer: a connection of its own in HTTP/1.1, a stream among
/// others in HTTP/2.
sealed interface ClientLink permits ClientConnection, ClientStream {

    /// The link of the request that the current thread answers.
    ScopedValue<ClientLink> CURRENT = ScopedValue.newInstance();

    /// Calls `gone` on another thread when the client leaves, at once if it has already. To be called on the request's
    /// thread when its body has been read. A call after the answer is possible and must do no harm.
    void whenGone(Runnable gone);

    /// Whether the client is known to have left; what is written to it fails in some way or other.
    boolean hasLeft();

    /// Cuts the client off, from any thread; who is blocked in reading or writing fails.
    void abort();

    /// From now on reading the body fails with [HttpFault] 408 once this deadline has passed. To be called on the
    /// request's thread.
    void readUntil(BodyDeadline deadline);

    /// Takes the deadline away.
    void readWithoutDeadline();

    /// Why no more of the body can be read, where that is not the body's own fault.
    Optional<RuntimeException> whyUnreadable();

    /// The answer goes out though not all of the body has been read. The client may still be sending, and must get to
    /// read why nobody wants the rest.
    ///
    /// @param response not sent yet
    void leaveBody(ServerResponse response);

    /// Makes whoever reads a body fail with [HttpFault] 503, as the server stops. Any thread.
    void stopReading();

    /// The client is to send its next request on another connection.
    ///
    /// @param response not sent yet
    void endAfter(ServerResponse response);
}
