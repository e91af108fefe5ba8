package io.moonglass.tensor;

import java.lang.management.ManagementFactory;

/// How much memory there is to plan with.
public final class MachineMemory {

    private MachineMemory() {}

    /// Bytes of the machine, or of the container it runs in.
    public static long bytes() {
        return ((com.sun.management.OperatingSystemMXBean)
                        ManagementFactory.getOperatingSystemMXBean())
                .getTotalMemorySize();
    }
}
