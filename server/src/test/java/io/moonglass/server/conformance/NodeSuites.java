package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Scripts for Node.js that ask a server, and the packages that they need, which are installed on the first run.
final class NodeSuites {

    private static final Path SOURCES = Path.of("src", "test", "node");
    private static final Path FOLDER = Path.of("target", "node").toAbsolutePath();
    private static final long INSTALL_SECONDS = 180;

    private record Ended(int status, String output) {}

    private NodeSuites() {}

    /// Skips the test, with the reason, where there is no Node.js or no package to be had.
    static NodeSuites install() throws Exception {
        for (String program : List.of("node", "npm")) {
            assumeTrue(Machine.has(program), program + " is not installed; its suites are not run");
        }
        Files.createDirectories(FOLDER);
        boolean isInstalled = areInstalled();
        try (Stream<Path> files = Files.list(SOURCES)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(
                        file,
                        FOLDER.resolve(file.getFileName()),
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
        if (!isInstalled) {
            Ended installed =
                    run(
                            INSTALL_SECONDS,
                            Map.of(),
                            "npm",
                            "ci",
                            "--prefer-offline",
                            "--no-audit",
                            "--no-fund");
            assumeTrue(
                    installed.status() == 0,
                    "npm cannot install what the suites need: " + installed.output());
        }
        return new NodeSuites();
    }

    /// Runs the tests of one script; they must all pass.
    ///
    /// @param environment what the script is told
    void pass(String suite, long seconds, Map<String, String> environment) throws Exception {
        Ended ended = run(seconds, environment, "node", "--test", suite + ".test.mjs");

        assertEquals(0, ended.status(), ended.output());
        assertTrue(ended.output().contains("fail 0"), ended.output());
    }

    /// Whether what the lock file names was installed by an earlier run.
    private static boolean areInstalled() throws IOException {
        Path lock = FOLDER.resolve("package-lock.json");
        return Files.exists(lock)
                && Files.exists(FOLDER.resolve("node_modules").resolve(".package-lock.json"))
                && Files.mismatch(lock, SOURCES.resolve("package-lock.json")) < 0;
    }

    private static Ended run(long seconds, Map<String, String> environment, String... words)
            throws Exception {
        Path output = Files.createTempFile(FOLDER, "output", ".txt");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(new ArrayList<>(List.of(words)))
                            .directory(FOLDER.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
                return new Ended(
                        -1, "not done after %d s: ".formatted(seconds) + Files.readString(output));
            }
            return new Ended(process.exitValue(), Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }
}
