package io.moonglass.server.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;

/// What a command with `--json` prints instead of text for people.
final class PrintedJson {

    private static final ObjectMapper JSON = new ObjectMapper();

    private PrintedJson() {}

    /// @param figures records, maps or nodes, as Jackson writes them
    static void print(Object figures, PrintWriter out) {
        try {
            out.print(JSON.writer(new DefaultPrettyPrinter()).writeValueAsString(figures));
            out.print('\n');
            out.flush();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Jackson writes records", e);
        }
    }
}
