package io.moonglass.loader.safetensors;

import static io.moonglass.loader.safetensors.SafetensorsBytes.entry;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ModelFormatException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {

    @Test
    void the_recorded_shards_are_read() {
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file =
                    SafetensorsFile.map(
                            TestModels.tinyRandom().resolve("model-00001-of-00002.safetensors"),
                            arena);
            assertTrue(file.tensors().size() > 10);
            assertEquals("model-00001-of-00002.safetensors", file.name());
        }
    }

    @Test
    void tensors_lie_where_the_header_says() {
        byte[] bytes =
                SafetensorsBytes.of(
                        "{\"__metadata__\": {\"format\": \"pt\"}, "
                                + entry("a", "U8", "[2]", 0, 2)
                                + ", "
                                + entry("b", "U8", "[]", 2, 3)
                                + ", "
                                + entry("none", "F32", "[0, 5]", 3, 3)
                                + "}   ",
                        3);
        bytes[bytes.length - 1] = 9;
        bytes[bytes.length - 2] = 8;
        SafetensorsFile file = parse(bytes);
        assertEquals(3, file.tensors().size());
        assertArrayEquals(new long[] {0, 8}, file.tensor("a").integers());
        assertArrayEquals(new long[] {9}, file.tensor("b").integers());
        assertEquals(0, file.tensor("none").size());
    }

    @Test
    void a_file_without_tensors_is_no_fault() {
        assertTrue(parse(SafetensorsBytes.of("{}", 0)).tensors().isEmpty());
    }

    @Test
    void a_header_that_does_not_fit_is_refused() {
        refused("7 bytes; a safetensors file has at least 8", new byte[7]);
        refused("0 bytes", new byte[0]);
        refused("the header says it has 3 bytes", SafetensorsBytes.withHeaderLength(3, "{}", 0));
        refused(
                "the header says it has 18446744073709551615 bytes",
                SafetensorsBytes.withHeaderLength(-1, "{}", 0));
        refused(
                "the header says it has 9223372036854775807 bytes",
                SafetensorsBytes.withHeaderLength(Long.MAX_VALUE, "{}", 0));
        refused(
                "the header says it has 9223372036854775808 bytes",
                SafetensorsBytes.withHeaderLength(Long.MIN_VALUE, "{}", 0));
    }

    @Test
    void a_header_that_is_no_json_object_is_refused() {
        refused("the header is no valid JSON", SafetensorsBytes.of("{\"a\":", 0));
        refused("the header is no valid JSON", SafetensorsBytes.of("\u0000\u0001", 0));
        refused("the header is no valid JSON", SafetensorsBytes.of("{} {}", 0));
        refused("the header is no JSON object", SafetensorsBytes.of("[]", 0));
        refused("the header is no JSON object", SafetensorsBytes.of("", 0));
        refused("the header is no valid JSON", SafetensorsBytes.of("[".repeat(200_000), 0));
        refused("the header is no valid JSON", SafetensorsBytes.of("{\"a\":".repeat(200_000), 0));
    }

    @Test
    void a_name_that_comes_twice_is_refused() {
        refused(
                "the header is no valid JSON: Duplicate field",
                header(entry("a", "U8", "[1]", 0, 1) + "," + entry("a", "U8", "[1]", 1, 2), 2));
    }

    @Test
    void tensors_that_overlap_are_refused() {
        refused(
                "tensors a [0, 4) and b [3, 7) overlap",
                header(entry("b", "U8", "[4]", 3, 7) + "," + entry("a", "U8", "[4]", 0, 4), 7));
        refused(
                "tensors a [0, 8) and b [2, 4) overlap",
                header(entry("a", "U8", "[8]", 0, 8) + "," + entry("b", "U8", "[2]", 2, 4), 8));
    }

    @Test
    void tensors_outside_of_the_data_are_refused() {
        refused(
                "tensor a lies at [0, 8), the data area has 7 bytes",
                header(entry("a", "F32", "[2]", 0, 8), 7));
        refused("tensor a lies at [-8, 0)", header(entry("a", "F32", "[2]", -8, 0), 8));
        refused("tensor a lies at [9, 9)", header(entry("a", "F32", "[0]", 9, 9), 8));
        refused("tensor a", header(entry("a", "U8", "[4]", Long.MAX_VALUE - 3, Long.MIN_VALUE), 8));
    }

    @Test
    void a_shape_that_does_not_fill_its_bytes_is_refused() {
        refused(
                "tensor a of shape [3] in F32 does not fill its [0, 8)",
                header(entry("a", "F32", "[3]", 0, 8), 8));
        refused(
                "tensor a of shape [2] in BF16 does not fill its [0, 8)",
                header(entry("a", "BF16", "[2]", 0, 8), 8));
        refused(
                "tensor a of shape [] in F32 does not fill its [8, 0)",
                header(entry("a", "F32", "[]", 8, 0), 8));
        refused("tensor a", header(entry("a", "F32", "[4294967296, 4294967296]", 0, 0), 8));
        refused("tensor a", header(entry("a", "U8", "[9223372036854775807, 2]", 0, 8), 8));
    }

    @Test
    void a_malformed_entry_is_refused() {
        refused(
                "tensor a has dtype \"F8_E4M3\"; want one of",
                header(entry("a", "F8_E4M3", "[8]", 0, 8), 8));
        refused("tensor a has shape 2; want", header(entry("a", "F32", "2", 0, 8), 8));
        refused("tensor a has shape null; want", header(entry("a", "F32", "null", 0, 4), 8));
        refused("tensor a has shape [-2]; want", header(entry("a", "F32", "[-2]", 0, 8), 8));
        refused("tensor a has shape [2.0]; want", header(entry("a", "F32", "[2.0]", 0, 8), 8));
        refused(
                "tensor a has shape {\"x\":2}; want",
                header(entry("a", "F32", "{\"x\": 2}", 0, 8), 8));
        refused(
                "tensor a has shape [99999999999999999999]; want",
                header(entry("a", "F32", "[99999999999999999999]", 0, 8), 8));
        refused("tensor a has data_offsets", header("\"a\": 5", 8));
        refused(
                "tensor a has data_offsets [0.5,8]",
                header(
                        "\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0.5, 8]}",
                        8));
        refused(
                "tensor a has data_offsets [0]",
                header("\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0]}", 8));
    }

    @Test
    void a_missing_tensor_and_a_missing_file_are_named(@TempDir Path directory) {
        SafetensorsFile file = parse(SafetensorsBytes.of("{}", 0));
        assertEquals(
                "test.safetensors: no tensor x",
                assertThrows(ModelFormatException.class, () -> file.tensor("x")).getMessage());
        assertThrows(
                ModelFormatException.class,
                () -> SafetensorsFile.map(directory.resolve("none"), Arena.ofAuto()));
    }

    private static byte[] header(String entries, int dataBytes) {
        return SafetensorsBytes.of("{" + entries + "}", dataBytes);
    }

    private static SafetensorsFile parse(byte[] bytes) {
        return SafetensorsFile.parse("test.safetensors", MemorySegment.ofArray(bytes));
    }

    private static void refused(String message, byte[] bytes) {
        ModelFormatException e = assertThrows(ModelFormatException.class, () -> parse(bytes));
        assertTrue(e.getMessage().startsWith("test.safetensors: " + message), e.getMessage());
    }
}
