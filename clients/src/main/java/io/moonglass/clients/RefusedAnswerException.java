package io.moonglass.clients;

/// The model declined to answer; the message is what it said instead.
public final class RefusedAnswerException extends UnusableAnswerException {

    RefusedAnswerException(Fault fault) {
        super(fault);
    }
}
