package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SecondsConverterTest {

    private final SecondsConverter converter = new SecondsConverter();

    @ParameterizedTest
    @CsvSource({
        "90, 90",
        "1.5, 1.5",
        "500ms, 0.5",
        "90s, 90",
        "10m, 600",
        "1.5h, 5400",
        "30d, 2592000",
        "-1, -1"
    })
    void seconds_may_have_a_unit(String text, double seconds) {
        assertEquals(seconds, converter.convert(text), 1e-9);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s", "NaN", "Infinity", "1e9", "10 m", "10min", "1.", "0x10", "１"})
    void what_is_no_time_is_refused(String text) {
        assertThrows(TypeConversionException.class, () -> converter.convert(text));
    }
}
