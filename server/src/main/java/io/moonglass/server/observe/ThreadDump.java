package io.moonglass.server.observe;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/// What all threads do at the moment, virtual ones too.
public enum ThreadDump {
    TEXT(ThreadDumpFormat.TEXT_PLAIN, "text/plain; charset=utf-8"),
    JSON(ThreadDumpFormat.JSON, "application/json");

    private final ThreadDumpFormat format;
    private final String contentType;

    ThreadDump(ThreadDumpFormat format, String contentType) {
        this.format = format;
        this.contentType = contentType;
    }

    public String contentType() {
        return contentType;
    }

    /// Takes one.
    ///
    /// @throws UncheckedIOException if the temporary folder does not take it
    public byte[] take() {
        try {
            // the JVM writes to a new file alone
            Path folder = Files.createTempDirectory("moonglass-threads-");
            Path file = folder.resolve("threads");
            try {
                ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .dumpThreads(file.toAbsolutePath().toString(), format);
                return Files.readAllBytes(file);
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the threads cannot be written down", e);
        }
    }
}
