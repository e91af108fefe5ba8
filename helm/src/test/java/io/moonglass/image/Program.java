package io.moonglass.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A program that is run to its end, with what it printed.
record Program(int exitCode, String output) {

    private static final long MOST_MINUTES = 10;

    /// Its output goes through a file, which no reader has to keep up with.
    static Program run(Path log, Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IllegalStateException(
                    "%s: not done after %d minutes".formatted(command, MOST_MINUTES));
        }
        return new Program(
                process.exitValue(), Files.readString(log, StandardCharsets.UTF_8).strip());
    }

    /// What it printed, if it did what it was asked.
    String succeeded() {
        if (exitCode != 0) {
            throw new IllegalStateException("exit code %d: %s".formatted(exitCode, output));
        }
        return output;
    }

    /// Whether one of the folders of PATH holds it.
    static boolean isInstalled(String name) {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
    }
}
