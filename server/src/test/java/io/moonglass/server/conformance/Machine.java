package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// What this machine has.
public final class Machine {

    private Machine() {}

    public static boolean has(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /// Skips the test with the reason where something is missing; in continuous integration (`CI=true`) it fails.
    public static void need(boolean isMet, String otherwise) {
        if ("true".equals(System.getenv("CI"))) {
            assertTrue(isMet, otherwise);
        }
        assumeTrue(isMet, otherwise);
    }
}
