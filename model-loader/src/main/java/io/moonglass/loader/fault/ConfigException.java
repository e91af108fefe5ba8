package io.moonglass.loader.fault;

/// A setting that cannot be used: the operator's to mend. The message names the file and key, what
/// was found there and what was wanted.
public final class ConfigException extends RuntimeException {

    public ConfigException(String message) {
        super(message);
    }

    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
