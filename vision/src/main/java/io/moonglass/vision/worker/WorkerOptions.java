package io.moonglass.vision.worker;

import io.moonglass.loader.fault.ConfigException;
import java.nio.file.Path;
import java.time.Duration;

/// How many processes decode, and what each may take.
///
/// @param maxWorkers     processes at the same time; what comes when all are busy waits
/// @param memoryBytes    that a process may allocate, its heap included, which gets half of it
/// @param deadline       for one command: opening a file, a frame, a page
/// @param idleTime       after which a process that has nothing to do is ended
/// @param decoderThreads that the decoder of one video uses
/// @param java           the program that is started, with the arguments of a JVM
public record WorkerOptions(
        int maxWorkers,
        long memoryBytes,
        Duration deadline,
        Duration idleTime,
        int decoderThreads,
        Path java) {

    private static final long LEAST_MEMORY = 256L << 20;

    private static final int CORES = Runtime.getRuntime().availableProcessors();

    public static final WorkerOptions DEFAULT =
            new WorkerOptions(
                    Math.max(2, CORES),
                    1L << 30,
                    Duration.ofSeconds(20),
                    Duration.ofMinutes(3),
                    Math.clamp(CORES / 2, 1, 4),
                    Path.of(System.getProperty("java.home"), "bin", "java"));

    public WorkerOptions {
        if (maxWorkers < 1 || decoderThreads < 1) {
            throw new ConfigException(
                    "%d media workers of %d threads; want numbers above 0"
                            .formatted(maxWorkers, decoderThreads));
        }
        if (memoryBytes < LEAST_MEMORY) {
            throw new ConfigException(
                    "media workers of %,d bytes; want %,d or more"
                            .formatted(memoryBytes, LEAST_MEMORY));
        }
        if (!deadline.isPositive() || !idleTime.isPositive()) {
            throw new ConfigException(
                    "media workers with a deadline of %s and an idle time of %s; want times above 0"
                            .formatted(deadline, idleTime));
        }
    }

    public WorkerOptions withMaxWorkers(int workers) {
        return new WorkerOptions(workers, memoryBytes, deadline, idleTime, decoderThreads, java);
    }

    public WorkerOptions withMemoryBytes(long bytes) {
        return new WorkerOptions(maxWorkers, bytes, deadline, idleTime, decoderThreads, java);
    }

    public WorkerOptions withDeadline(Duration limit) {
        return new WorkerOptions(maxWorkers, memoryBytes, limit, idleTime, decoderThreads, java);
    }

    public WorkerOptions withIdleTime(Duration time) {
        return new WorkerOptions(maxWorkers, memoryBytes, deadline, time, decoderThreads, java);
    }

    public WorkerOptions withJava(Path program) {
        return new WorkerOptions(
                maxWorkers, memoryBytes, deadline, idleTime, decoderThreads, program);
    }
}
