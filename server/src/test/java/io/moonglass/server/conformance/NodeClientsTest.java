package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The clients for JavaScript. Their suites are scripts for Node.js; the packages are installed on the first run.
class NodeClientsTest {

    private static final Path SOURCES = Path.of("src", "test", "node");
    private static final Path FOLDER = Path.of("target", "node").toAbsolutePath();
    private static final long INSTALL_SECONDS = 180;
    private static final long SUITE_SECONDS = 120;

    private static DemoServer server;

    private record Ended(int status, String output) {}

    @BeforeAll
    static void install(@TempDir Path folder) throws Exception {
        for (String program : List.of("node", "npm")) {
            assumeTrue(
                    isThere(program),
                    program + " is not installed; the clients for JavaScript are not tried");
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
                            "npm",
                            "ci",
                            "--prefer-offline",
                            "--no-audit",
                            "--no-fund");
            assumeTrue(
                    installed.status() == 0,
                    "npm cannot install the clients for JavaScript: " + installed.output());
        }
        server = DemoServer.start(folder);
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai", "anthropic", "ai-sdk", "openapi"})
    void its_suite_passes(String client) throws Exception {
        Ended suite = run(SUITE_SECONDS, "node", "--test", client + ".test.mjs");

        assertEquals(0, suite.status(), suite.output());
        assertTrue(suite.output().contains("fail 0"), suite.output());
        server.proxy().assertAllConforms();
    }

    private static boolean isThere(String program) {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /// Whether what the lock file names was installed by an earlier run.
    private static boolean areInstalled() throws IOException {
        Path lock = FOLDER.resolve("package-lock.json");
        return Files.exists(lock)
                && Files.exists(FOLDER.resolve("node_modules").resolve(".package-lock.json"))
                && Files.mismatch(lock, SOURCES.resolve("package-lock.json")) < 0;
    }

    private static Ended run(long seconds, String... words) throws Exception {
        Path output = Files.createTempFile(FOLDER, "output", ".txt");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(new ArrayList<>(List.of(words)))
                            .directory(FOLDER.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile());
            if (server != null) {
                builder.environment()
                        .putAll(
                                Map.of(
                                        "MOONGLASS_ADDRESS", server.address(),
                                        "MOONGLASS_PICTURES", DemoServer.PICTURES.toString()));
            }
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
