package io.moonglass.loader.template;

/// What a template throws by `raise_exception`: it does not take these messages.
final class RefusedByTemplate extends RuntimeException {

    private static final long serialVersionUID = 1;

    RefusedByTemplate(String message) {
        super(message);
    }
}
