package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A program of the machine that tests use where it is installed. In continuous integration (`CI=true`) it must be.
record Program(Path file) {

    /// What a program said before it ended.
    record Outcome(int exitCode, String output) {}

    /// Without the program the test is skipped, and with `CI=true` it fails.
    ///
    /// @param hint where the program is to be had
    static Program orSkip(String name, String hint) {
        for (String folder : System.getenv("PATH").split(File.pathSeparator)) {
            Path file = Path.of(folder, name);
            if (Files.isExecutable(file)) {
                return new Program(file);
            }
        }
        String why = "%s is not installed (%s)".formatted(name, hint);
        if ("true".equals(System.getenv("CI"))) {
            return fail(why);
        }
        return abort(why + "; skipped");
    }

    /// Runs it in a folder to its end.
    Outcome run(Path folder, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(file.toString()));
        command.addAll(List.of(arguments));
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            fail("%s did not end: %s".formatted(command, output));
        }
        return new Outcome(process.exitValue(), output);
    }
}
