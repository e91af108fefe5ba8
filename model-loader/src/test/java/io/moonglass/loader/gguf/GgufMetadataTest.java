package io.moonglass.loader.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class GgufMetadataTest {

    private final GgufFile file = GgufFile.open(OtherPrograms.file("other_program.gguf"));
    private final GgufMetadata keys = file.metadata();

    @AfterEach
    void close() {
        file.close();
    }

    @Test
    void integers_of_every_width_are_read() {
        assertEquals(200, keys.integer("kinds.u8"));
        assertEquals(-100, keys.integer("kinds.i8"));
        assertEquals(60_000, keys.integer("kinds.u16"));
        assertEquals(-30_000, keys.integer("kinds.i16"));
        assertEquals(4_000_000_000L, keys.integer("kinds.u32"));
        assertEquals(-2_000_000_000, keys.integer("kinds.i32"));
        assertEquals(-1L << 62, keys.integer("kinds.i64"));
        assertRefused(
                "key kinds.u64 is the u64 9223372036854775813; want less than 2^63",
                () -> keys.integer("kinds.u64"));
    }

    @Test
    void a_float_is_the_decimal_number_that_was_written() {
        assertEquals(1e-5, keys.real("kinds.f32"));
        assertEquals(0.1, keys.real("kinds.f64"));
        assertEquals(200, keys.real("kinds.u8"));
        assertArrayEquals(new double[] {0.5, 0.1}, keys.reals("kinds.reals"));
        assertArrayEquals(new double[] {1, -3, 5}, keys.reals("kinds.integers"));
    }

    @Test
    void texts_and_lists_are_read() {
        assertEquals("Ġ größer 月", keys.string("kinds.string"));
        assertTrue(keys.bool("kinds.bool"));
        assertEquals(List.of("a", "", "月"), keys.strings("kinds.strings"));
        assertArrayEquals(new long[] {1, -3, 5}, keys.integers("kinds.integers"));
    }

    @Test
    void a_key_that_is_absent_is_empty_or_a_fault() {
        assertFalse(keys.has("missing"));
        assertFalse(keys.keys().contains("missing"));
        assertTrue(keys.optionalString("missing").isEmpty());
        assertTrue(keys.optionalInteger("missing").isEmpty());
        assertTrue(keys.optionalReal("missing").isEmpty());
        assertTrue(keys.optionalBool("missing").isEmpty());
        assertEquals(200, keys.optionalInteger("kinds.u8").orElseThrow());
        assertEquals(1e-5, keys.optionalReal("kinds.f32").orElseThrow());
        assertTrue(keys.optionalBool("kinds.bool").orElseThrow());
        assertTrue(keys.optionalString("kinds.string").isPresent());
        assertRefused(
                "other_program.gguf: no key missing; want an integer",
                () -> keys.integer("missing"));
        assertRefused("no key missing; want an array", () -> keys.strings("missing"));
    }

    @Test
    void a_value_of_another_kind_is_a_fault_that_shows_it() {
        assertRefused(
                "other_program.gguf: key kinds.u8 is the u8 200; want a string",
                () -> keys.string("kinds.u8"));
        assertRefused(
                "key kinds.string is the string \"?? gr????er ???\"; want integers",
                () -> keys.integer("kinds.string"));
        assertRefused(
                "key kinds.f32 is the f32 1.0E-5; want integers", () -> keys.integer("kinds.f32"));
        assertRefused("want numbers", () -> keys.real("kinds.bool"));
        assertRefused("is the u8 200; want true or false", () -> keys.bool("kinds.u8"));
        assertRefused(
                "key kinds.integers is an array of 3 values of type i32; want an array of strings",
                () -> keys.strings("kinds.integers"));
        assertRefused("want integers", () -> keys.integers("kinds.strings"));
        assertRefused("want integers", () -> keys.integers("kinds.reals"));
        assertRefused("want numbers", () -> keys.reals("kinds.bools"));
        assertRefused("is the u8 200; want an array", () -> keys.integers("kinds.u8"));
    }

    @Test
    void what_is_neither_true_nor_false_is_refused() {
        GgufMetadata lies = parse(GgufBytes.header(0, 1).key("a", ValueType.BOOL).raw(2).bytes());
        assertRefused("key a is the bool 2; want true or false", () -> lies.bool("a"));
    }

    @Test
    void text_that_is_no_utf_8_is_refused_when_it_is_asked_for() {
        GgufMetadata lies =
                parse(
                        GgufBytes.header(0, 2)
                                .key("a", ValueType.STRING)
                                .u64(2)
                                .raw(0xc3, 0x28)
                                .key("b", ValueType.ARRAY)
                                .u32(ValueType.STRING.ordinal())
                                .u64(1)
                                .u64(1)
                                .raw(0xff)
                                .bytes());
        assertRefused("key a is no valid UTF-8", () -> lies.string("a"));
        assertRefused("key b is no valid UTF-8", () -> lies.strings("b"));
        assertRefused("is the string \"?(\"; want", () -> lies.integer("a"));
    }

    @Test
    void a_fault_shows_little_of_a_long_text() {
        GgufMetadata lies =
                parse(GgufBytes.header(0, 1).key("k".repeat(200), "x\n".repeat(500)).bytes());
        ModelFormatException fault =
                assertThrows(ModelFormatException.class, () -> lies.bool("k".repeat(200)));
        assertTrue(fault.getMessage().contains("x?x?x?"), fault.getMessage());
        assertTrue(fault.getMessage().length() < 250, fault.getMessage());
    }

    private static GgufMetadata parse(byte[] bytes) {
        return GgufPart.parse(Path.of("lies.gguf"), MemorySegment.ofArray(bytes)).metadata();
    }

    private static void assertRefused(String part, Executable read) {
        ModelFormatException fault = assertThrows(ModelFormatException.class, read);
        assertTrue(fault.getMessage().contains(part), fault.getMessage());
    }
}
