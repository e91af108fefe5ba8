package io.moonglass.clients;

/// The answer is not what its record wants.
public final class InvalidAnswerException extends UnusableAnswerException {

    InvalidAnswerException(Fault fault) {
        super(fault);
    }
}
