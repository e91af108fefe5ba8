package io.moonglass.server.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The option of commands that measure: what they found as JSON, printed or kept in a file.
final class FiguresOptions {

    private static final String STANDARD_OUTPUT = "-";

    @Option(
            names = "--json",
            arity = "0..1",
            paramLabel = "FILE",
            fallbackValue = STANDARD_OUTPUT,
            description =
                    "Print JSON instead of a table; with FILE print the table and write the JSON there (default: a table alone).")
    private Optional<String> json = Optional.empty();

    /// Whether nothing but JSON goes to standard output.
    boolean arePrinted() {
        return json.filter(STANDARD_OUTPUT::equals).isPresent();
    }

    /// @param figures records, maps or nodes, as Jackson writes them
    /// @param table   the same for people
    void write(Object figures, List<String> table, PrintWriter out) {
        if (arePrinted()) {
            PrintedJson.print(figures, out);
            return;
        }
        json.ifPresent(file -> JsonFile.write(figures, Path.of(file)));
        table.forEach(out::println);
    }
}
