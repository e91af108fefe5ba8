package io.moonglass.clients;

/// There is an answer, but no record can be made of it.
public abstract sealed class UnusableAnswerException extends MoonglassException
        permits InvalidAnswerException, RefusedAnswerException, TruncatedAnswerException {

    UnusableAnswerException(Fault fault) {
        super(fault);
    }
}
