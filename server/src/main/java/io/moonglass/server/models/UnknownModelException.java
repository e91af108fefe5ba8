package io.moonglass.server.models;

import java.util.List;

/// No model of this name is served.
public final class UnknownModelException extends RuntimeException {

    private final String wanted;
    private final transient List<String> served;

    UnknownModelException(String wanted, List<String> served) {
        super("no model is called " + wanted);
        this.wanted = wanted;
        this.served = List.copyOf(served);
    }

    public String wanted() {
        return wanted;
    }

    /// The names that there are.
    public List<String> served() {
        return served;
    }
}
