package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeConverterTest {

    private final ByteSizeConverter sizes = new ByteSizeConverter();

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1234, 1234",
        "512MiB, 536870912",
        "4GiB, 4294967296",
        "3KB, 3000",
        "2MB, 2000000",
        "1GB, 1000000000",
        "1KiB, 1024"
    })
    void a_size_is_a_number_with_or_without_a_unit(String text, long bytes) {
        assertEquals(bytes, sizes.convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "4 GiB", "4gib", "1.5GiB", "GiB", "4TiB", "999999999999GiB"})
    void anything_else_is_refused_with_what_was_found(String text) {
        TypeConversionException refused =
                assertThrows(TypeConversionException.class, () -> sizes.convert(text));
        assertTrue(refused.getMessage().contains("\"" + text + "\""));
    }
}
