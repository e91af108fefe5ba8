package io.moonglass.loader.fault;

/// A checkpoint whose files are damaged or disagree with each other. The message names the file and
/// the tensor or key, what was found and what was wanted.
public final class ModelFormatException extends RuntimeException {

    public ModelFormatException(String message) {
        super(message);
    }

    public ModelFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
