package io.moonglass.vision.worker;

import java.io.IOException;

/// A process answered what was not asked: it does not run our program any more.
final class UntrustedAnswerException extends IOException {

    UntrustedAnswerException(String message) {
        super(message);
    }
}
