package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessorTest {

    @Test
    void its_vendor_is_that_of_the_first_core(@TempDir Path folder) throws IOException {
        Path info = folder.resolve("cpuinfo");
        Files.writeString(
                info,
                """
                processor\t: 0
                vendor_id\t: GenuineIntel
                model name\t: vendor_id : other

                processor\t: 1
                vendor_id\t: Other
                """);
        assertEquals("GenuineIntel", Processor.vendorIn(info));
    }

    @Test
    void its_vendor_is_unknown_where_the_system_does_not_tell(@TempDir Path folder)
            throws IOException {
        Path info = folder.resolve("cpuinfo");
        assertEquals("", Processor.vendorIn(info));
        Files.writeString(info, "processor\t: 0\nCPU implementer\t: 0x41\n");
        assertEquals("", Processor.vendorIn(info));
    }
}
