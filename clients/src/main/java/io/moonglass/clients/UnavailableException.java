package io.moonglass.clients;

/// The server is not there, starts, stops, or cannot load the model now.
public final class UnavailableException extends MoonglassException {

    UnavailableException(Fault fault) {
        super(fault);
    }
}
