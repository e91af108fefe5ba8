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

/// Scripts for Node.js and the packages that they need, which are installed on the first run.
final class NodeSuites {

    private static final long INSTALL_SECONDS = 180;

    private final Path sources;
    private final Path folder;

    private record Ended(int status, String output) {}

    private NodeSuites(Path place) {
        this.sources = Path.of("src", "test").resolve(place);
        this.folder = Path.of("target").resolve(place).toAbsolutePath();
    }

    /// Scripts that ask a server.
    static NodeSuites install() throws Exception {
        return install(Path.of("node"), "ci");
    }

    /// Skips the test, with the reason, where there is no Node.js or no package to be had.
    ///
    /// @param place of the scripts, under `src/test`
    /// @param npm   what npm is told
    static NodeSuites install(Path place, String... npm) throws Exception {
        NodeSuites suites = new NodeSuites(place);
        suites.copyAndInstall(npm);
        return suites;
    }

    private void copyAndInstall(String... npm) throws Exception {
        for (String program : List.of("node", "npm")) {
            assumeTrue(Machine.has(program), program + " is not installed; its suites are not run");
        }
        Files.createDirectories(folder);
        boolean isInstalled = areInstalled();
        try (Stream<Path> files = Files.list(sources)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(
                        file,
                        folder.resolve(file.getFileName()),
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
        if (!isInstalled) {
            List<String> words =
                    new ArrayList<>(List.of("npm", "--prefer-offline", "--no-audit", "--no-fund"));
            words.addAll(List.of(npm));
            Ended installed = run(INSTALL_SECONDS, Map.of(), words.toArray(String[]::new));
            assumeTrue(
                    installed.status() == 0,
                    "npm cannot install what the suites need: " + installed.output());
        }
    }

    /// Runs one script.
    ///
    /// @param words its name, and what it is told
    /// @return what it printed
    String run(long seconds, String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of("node"));
        all.addAll(List.of(words));
        Ended ended = run(seconds, Map.of(), all.toArray(String[]::new));
        assertEquals(0, ended.status(), ended.output());
        return ended.output();
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
    private boolean areInstalled() throws IOException {
        Path lock = folder.resolve("package-lock.json");
        return Files.exists(lock)
                && Files.exists(folder.resolve("node_modules").resolve(".package-lock.json"))
                && Files.mismatch(lock, sources.resolve("package-lock.json")) < 0;
    }

    private Ended run(long seconds, Map<String, String> environment, String... words)
            throws Exception {
        Path output = Files.createTempFile(folder, "output", ".txt");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(new ArrayList<>(List.of(words)))
                            .directory(folder.toFile())
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
