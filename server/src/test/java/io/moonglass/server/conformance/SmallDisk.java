package io.moonglass.server.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/// A real file system of its own that is soon full. Only root can make one.
final class SmallDisk implements AutoCloseable {

    private final Path folder;

    private SmallDisk(Path folder) {
        this.folder = folder;
    }

    /// Skips the test where none can be made, but in CI.
    static SmallDisk mountAt(Path folder, int mebibytes) throws Exception {
        Files.createDirectories(folder);
        boolean made =
                run(
                        "mount",
                        "-t",
                        "tmpfs",
                        "-o",
                        "size=%dm".formatted(mebibytes),
                        "tmpfs",
                        folder.toString());
        if (System.getenv("CI") == null) {
            Assumptions.assumeTrue(made, "a small disk can be mounted by root on Linux alone");
        } else if (!made) {
            throw new IllegalStateException("no small disk can be mounted; CI must run as root");
        }
        return new SmallDisk(folder);
    }

    Path folder() {
        return folder;
    }

    /// Takes all room but this.
    Path fillBut(long bytes) throws IOException {
        Path file = folder.resolve("filler");
        try (var out = Files.newOutputStream(file)) {
            byte[] chunk = new byte[4096];
            while (Files.getFileStore(folder).getUsableSpace() > bytes) {
                out.write(chunk);
            }
        }
        return file;
    }

    void makeReadOnly() throws Exception {
        if (!run("mount", "-o", "remount,ro", folder.toString())) {
            throw new IllegalStateException(folder + " cannot be made read-only");
        }
    }

    private static boolean run(String... command) throws Exception {
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false; // there is no such program
        }
    }

    @Override
    public void close() throws Exception {
        if (!run("umount", "-l", folder.toString())) {
            throw new IllegalStateException(folder + " cannot be unmounted");
        }
    }
}
