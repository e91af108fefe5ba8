package io.moonglass.server.command;

import java.io.Console;
import java.util.Map;

/// Whether somebody is looking.
final class Terminal {

    private Terminal() {}

    /// Whether standard input and output are both a terminal.
    static boolean isInteractive() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /// Whether colours are wanted: on a terminal that has some, unless `NO_COLOR` is set.
    ///
    /// Source: no-color.org.
    static boolean hasColours(Map<String, String> environment) {
        return isInteractive()
                && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "").equals("dumb");
    }
}
