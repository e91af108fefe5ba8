package io.moonglass.clients;

/// The model went on calling tools for more rounds than it was given.
public final class ToolRoundsExceededException extends MoonglassException {

    ToolRoundsExceededException(Fault fault) {
        super(fault);
    }
}
