package io.moonglass.loader.fault;

/// A setting that cannot be used: the operator's to mend. The message names the file and key, what
/// was found there and what was wanted; it is one line, whatever a file put into it.
public final class ConfigException extends RuntimeException {

    public ConfigException(String message) {
        super(OneLine.of(message));
    }

    public ConfigException(String message, Throwable cause) {
        super(OneLine.of(message), cause);
    }
}
