package io.moonglass.clients;

/// The key is missing or wrong, or may not do this.
public final class UnauthorizedException extends MoonglassException {

    UnauthorizedException(Fault fault) {
        super(fault);
    }
}
