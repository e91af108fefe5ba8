package io.moonglass.clients;

/// The answer was cut at the token limit. [#partialText()] is its beginning.
public final class TruncatedAnswerException extends UnusableAnswerException {

    TruncatedAnswerException(Fault fault) {
        super(fault);
    }
}
