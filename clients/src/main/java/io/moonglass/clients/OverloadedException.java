package io.moonglass.clients;

/// The server has too much to do (429). [#retryAfter()] says when to ask again.
public final class OverloadedException extends MoonglassException {

    OverloadedException(Fault fault) {
        super(fault);
    }
}
