package io.moonglass.clients;

/// The server failed, or answered with what is no answer.
public final class ServerErrorException extends MoonglassException {

    ServerErrorException(Fault fault) {
        super(fault);
    }
}
