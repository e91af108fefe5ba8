package io.moonglass.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Which processor this is.
final class Processor {

    private static final String VENDOR = vendorIn(Path.of("/proc/cpuinfo"));

    private Processor() {}

    /// As `cpuid` gives it, `AuthenticAMD` say; empty where the system does not tell.
    static String vendor() {
        return VENDOR;
    }

    static String vendorIn(Path info) {
        try (Stream<String> lines = Files.lines(info)) {
            return lines.filter(line -> line.startsWith("vendor_id"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }
}
