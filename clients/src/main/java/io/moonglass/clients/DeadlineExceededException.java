package io.moonglass.clients;

/// The answer was not there in time: at the server (the request's own deadline or the server's), or here (the client's
/// timeouts).
public final class DeadlineExceededException extends MoonglassException {

    DeadlineExceededException(Fault fault) {
        super(fault);
    }
}
