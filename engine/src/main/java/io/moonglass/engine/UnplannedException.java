package io.moonglass.engine;

/// A step could not be planned because of one sequence, which must end for others to go on.
final class UnplannedException extends RuntimeException {

    private final transient Sequence sequence;

    UnplannedException(Sequence sequence, Throwable cause) {
        super("no memory for a sequence's blocks", cause);
        this.sequence = sequence;
    }

    Sequence sequence() {
        return sequence;
    }
}
