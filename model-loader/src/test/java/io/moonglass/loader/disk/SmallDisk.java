package io.moonglass.loader.disk;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// A disk of 4 MiB, for tests of what happens when one is full.
public final class SmallDisk {

    /// What is done while a folder is such a disk.
    public interface Work {
        void run() throws Exception;
    }

    private SmallDisk() {}

    /// Only root can have one; else the test is skipped, but in CI.
    public static void mountedOn(Path folder, Work work) throws Exception {
        boolean isMade = run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder.toString());
        if (System.getenv("CI") == null) {
            Assumptions.assumeTrue(isMade, "a small disk can be mounted by root on Linux alone");
        }
        assertTrue(isMade, "no small disk can be mounted; CI must run as root");
        try {
            work.run();
        } finally {
            run("umount", "-l", folder.toString());
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException e) {
            return false; // there is no such program
        }
    }
}
