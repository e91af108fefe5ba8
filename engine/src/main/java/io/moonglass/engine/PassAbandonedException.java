package io.moonglass.engine;

/// Nobody waits for the prompt of a pass any more.
final class PassAbandonedException extends RuntimeException {

    PassAbandonedException() {
        super("nobody waits for this prompt any more", null, false, false);
    }
}
