package io.moonglass.server.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.PrintWriter;

/// What a command with `--json` prints instead of text for people.
final class PrintedJson {

    private static final ObjectMapper JSON = new ObjectMapper();

    private PrintedJson() {}

    /// @param figures records, maps or nodes, as Jackson writes them
    static void print(Object figures, PrintWriter out) {
        print(figures, JSON.writer(new DefaultPrettyPrinter()), out);
    }

    /// In one line, where more may follow.
    static void printLine(Object figures, PrintWriter out) {
        print(figures, JSON.writer(), out);
    }

    private static void print(Object figures, ObjectWriter writer, PrintWriter out) {
        try {
            out.print(writer.writeValueAsString(figures));
            out.print('\n');
            out.flush();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Jackson writes records", e);
        }
    }
}
