package io.moonglass.loader.fault;

/// A checkpoint whose files are damaged or disagree with each other. The message names the file and
/// the tensor or key, what was found and what was wanted; it is one line, whatever a file put into it.
public final class ModelFormatException extends RuntimeException {

    public ModelFormatException(String message) {
        super(OneLine.of(message));
    }

    public ModelFormatException(String message, Throwable cause) {
        super(OneLine.of(message), cause);
    }
}
