package io.moonglass.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Which processor this is.
final class Processor {

    private Processor() {}

    /// As `cpuid` gives it, `AuthenticAMD` say; empty where the system does not tell.
    static String vendor() {
        return vendorIn(Path.of("/proc/cpuinfo"));
    }

    static String vendorIn(Path info) {
        try {
            return Files.readAllLines(info).stream()
                    .filter(line -> line.startsWith("vendor_id"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }
}
