package io.moonglass.server.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A Python that knows the packages which snippets and pages import; they are installed on the first run, and kept from
/// build to build.
public final class PythonPackages {

    /// Which ones, as pip reads it.
    public static final Path WANTED =
            Path.of("src", "test", "python", "requirements.txt").toAbsolutePath();

    private static final Path FOLDER = Path.of("target", "python").toAbsolutePath();
    private static final Path INSTALLED = FOLDER.resolve("requirements.txt");
    private static final long INSTALL_SECONDS = 180;

    private PythonPackages() {}

    /// Where its programs are.
    public static Path programs() {
        return FOLDER.resolve("bin");
    }

    /// The interpreter; empty where there is no Python or no package to be had.
    public static Optional<Path> install() throws Exception {
        Path python = programs().resolve("python");
        if (Files.exists(INSTALLED) && Files.mismatch(INSTALLED, WANTED) < 0) {
            return Optional.of(python);
        }
        boolean isInstalled =
                Machine.has("python3")
                        && succeeds("python3", "-m", "venv", FOLDER.toString())
                        && succeeds(
                                python.toString(),
                                "-m",
                                "pip",
                                "install",
                                "--retries",
                                "1",
                                "--quiet",
                                "--requirement",
                                WANTED.toString());
        if (!isInstalled) {
            return Optional.empty();
        }
        Files.copy(WANTED, INSTALLED, StandardCopyOption.REPLACE_EXISTING);
        return Optional.of(python);
    }

    private static boolean succeeds(String... words) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(List.of(words))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        if (!process.waitFor(INSTALL_SECONDS, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
            return false;
        }
        return process.exitValue() == 0;
    }
}
