package io.moonglass.tensor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/// How much memory there is to plan with.
public final class MachineMemory {

    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final Path PROCESS = Path.of("/proc/self/status");
    private static final Path CGROUP = Path.of("/sys/fs/cgroup");

    private MachineMemory() {}

    /// Bytes of the machine, or of the container it runs in.
    public static long bytes() {
        return system().getTotalMemorySize();
    }

    /// Bytes that could be taken now without anything being swapped out: unused ones, and those in which
    /// files are cached that could be read again.
    public static long availableBytes() {
        long ofMachine =
                field(MEMINFO, "MemAvailable:").stream()
                        .map(kilobytes -> kilobytes * 1024)
                        .findFirst()
                        .orElseGet(() -> system().getFreeMemorySize());
        long ofContainer = Math.max(0, availableInContainer().orElse(Long.MAX_VALUE));
        return Math.min(ofMachine, ofContainer);
    }

    /// Bytes of this process that are in memory and are of no file: what a limit on memory counts in any case. Empty
    /// where the system does not say.
    public static OptionalLong anonymousBytes() {
        return ofProcess("RssAnon:");
    }

    /// Bytes of mapped files, such as weights, that are in memory for this process: the system may drop them and read
    /// them again. Empty where the system does not say.
    public static OptionalLong mappedBytes() {
        return ofProcess("RssFile:");
    }

    private static OptionalLong ofProcess(String name) {
        OptionalLong kilobytes = field(PROCESS, name);
        return kilobytes.isPresent()
                ? OptionalLong.of(1024 * kilobytes.getAsLong())
                : OptionalLong.empty();
    }

    private static OptionalLong availableInContainer() {
        OptionalLong limit = number(CGROUP.resolve("memory.max"));
        OptionalLong used = number(CGROUP.resolve("memory.current"));
        if (limit.isEmpty() || used.isEmpty()) {
            return OptionalLong.empty(); // "max", or no container
        }
        long files = field(CGROUP.resolve("memory.stat"), "inactive_file").orElse(0);
        return OptionalLong.of(limit.getAsLong() - used.getAsLong() + files);
    }

    private static OptionalLong number(Path file) {
        try {
            return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /// The number behind a name in a file of lines.
    private static OptionalLong field(Path file, String name) {
        try {
            return Files.readAllLines(file).stream()
                    .map(line -> line.strip().split("\\s+"))
                    .filter(words -> words.length > 1 && words[0].equals(name))
                    .mapToLong(words -> Long.parseLong(words[1]))
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    private static com.sun.management.OperatingSystemMXBean system() {
        return (com.sun.management.OperatingSystemMXBean)
                ManagementFactory.getOperatingSystemMXBean();
    }
}
