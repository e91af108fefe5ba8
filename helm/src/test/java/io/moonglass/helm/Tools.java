package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Programs that tests use where a machine has them. In continuous integration (`CI=true`) it must.
final class Tools {

    /// What a program said before it ended.
    record Outcome(int exitCode, String output) {}

    private Tools() {}

    /// The program's file; without it the test is skipped, and with `CI=true` it fails.
    static Path orSkip(String program) {
        for (String folder : System.getenv("PATH").split(File.pathSeparator)) {
            Path file = Path.of(folder, program);
            if (Files.isExecutable(file)) {
                return file;
            }
        }
        String why = "%s is not installed (on Debian in the package prometheus)".formatted(program);
        if ("true".equals(System.getenv("CI"))) {
            return fail(why);
        }
        return abort(why + "; skipped");
    }

    /// Runs a program in a folder to its end.
    static Outcome run(Path folder, List<String> command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            fail("%s did not end: %s".formatted(command, output));
        }
        return new Outcome(process.exitValue(), output);
    }
}
