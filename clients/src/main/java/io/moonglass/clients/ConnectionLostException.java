package io.moonglass.clients;

/// The connection broke off. [#partialText()] is what had come until then.
public final class ConnectionLostException extends MoonglassException {

    ConnectionLostException(Fault fault) {
        super(fault);
    }
}
