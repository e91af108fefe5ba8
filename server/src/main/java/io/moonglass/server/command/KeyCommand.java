package io.moonglass.server.command;

import io.moonglass.loader.digest.Sha256;
import io.moonglass.loader.fault.ConfigException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moonglass key`: a new API key, of which nothing but the hash is ever kept.
@Command(
        name = "key",
        description = {
            "Make a random API key: print it, this once, and its line for the file of --api-key-file.",
            "Nothing is written to disk."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  moonglass key alice", "  moonglass key --requests-per-minute 60 bob"})
final class KeyCommand implements Callable<Integer> {

    private static final int MAX_LIMIT = 1_000_000_000;

    @Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "NAME",
            description =
                    "Who the key is for, as metrics and logs are to call it: 1 to 64 letters, digits, '.', '_', '-'.")
    private String name;

    @Option(
            names = "--requests-per-minute",
            paramLabel = "N",
            description = "What the key may send in a minute (default: any number).")
    private Optional<Integer> requestsPerMinute = Optional.empty();

    @Option(
            names = "--tokens-per-minute",
            paramLabel = "N",
            description =
                    "Tokens of prompts and answers that the key may use in a minute (default: any number).")
    private Optional<Integer> tokensPerMinute = Optional.empty();

    @Option(
            names = "--max-running",
            paramLabel = "N",
            description = "Requests of the key that are answered at once (default: any number).")
    private Optional<Integer> maxRunning = Optional.empty();

    @Option(names = "--json", description = "Print {\"name\", \"key\", \"line\"}.")
    private boolean json;

    /// The form of `--json`.
    ///
    /// @param line for the file of `--api-key-file`
    private record Made(String name, String key, String line) {}

    @Override
    public Integer call() {
        if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
            throw new ConfigException(
                    "the name cannot stand in a file of keys; want 1 to 64 letters, digits, '.', '_' and '-'");
        }
        String key = RandomKey.make();
        List<String> line = new ArrayList<>();
        line.add(name);
        line.add(
                HexFormat.of()
                        .formatHex(Sha256.start().digest(key.getBytes(StandardCharsets.UTF_8))));
        add(line, "requests-per-minute", requestsPerMinute);
        add(line, "tokens-per-minute", tokensPerMinute);
        add(line, "max-running", maxRunning);
        print(new Made(name, key, String.join(" ", line)), spec.commandLine().getOut());
        return 0;
    }

    private void print(Made made, PrintWriter out) {
        if (json) {
            PrintedJson.print(made, out);
        } else {
            out.printf("key:  %s%nline: %s%n", made.key(), made.line()).flush();
        }
    }

    private static void add(List<String> line, String limit, Optional<Integer> value) {
        value.ifPresent(number -> {
            if (number < 1 || number > MAX_LIMIT) {
                throw new ConfigException(
                        "--%s is %,d; want 1 to %,d".formatted(limit, number, MAX_LIMIT));
            }
            line.add(limit + "=" + number);
        });
    }
}
