package io.moonglass.clients;

/// The request itself is at fault: [#param()] names the field, where it is one. Also what this server does not do.
public final class BadRequestException extends MoonglassException {

    BadRequestException(Fault fault) {
        super(fault);
    }
}
