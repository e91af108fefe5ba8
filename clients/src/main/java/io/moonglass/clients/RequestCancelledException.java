package io.moonglass.clients;

/// The request was cancelled: by its id, or because the thread that waited for it was interrupted.
public final class RequestCancelledException extends MoonglassException {

    RequestCancelledException(Fault fault) {
        super(fault);
    }
}
