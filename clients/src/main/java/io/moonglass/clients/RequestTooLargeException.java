package io.moonglass.clients;

/// More than the server takes: a picture, file or body, or more tokens than the model's context has.
public final class RequestTooLargeException extends MoonglassException {

    RequestTooLargeException(Fault fault) {
        super(fault);
    }
}
