package io.moonglass.clients;

/// There is no such model, file, request or path.
public final class NotFoundException extends MoonglassException {

    NotFoundException(Fault fault) {
        super(fault);
    }
}
