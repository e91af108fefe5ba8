package io.moonglass.loader.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.disk.SmallDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {

    @TempDir private Path temporary;

    @Test
    void what_is_written_is_read_again() throws IOException {
        GgufWriter.Builder file =
                GgufWriter.builder()
                        .string("string", "Ġ größer")
                        .uint16("u16", 65535)
                        .uint32("u32", 0xffff_ffffL)
                        .int32("i32", -5)
                        .uint64("u64", 1L << 62)
                        .float32("f32", 1e-5f)
                        .bool("bool", true)
                        .strings("strings", List.of("", "月"))
                        .int32s("int32s", 1, -1)
                        .float32s("float32s", 0.5f, 0.1f)
                        .tensor("odd", GgmlType.F32, 3)
                        .tensor("matrix", GgmlType.Q8_0, 2, 64)
                        .tensor("cube", GgmlType.F16, 2, 3, 5);
        float[] matrix = new float[128];
        matrix[127] = 127;
        try (GgufWriter writer = file.create(temporary.resolve("a.gguf"))) {
            // In any order.
            GgufEncoder.of(GgmlType.Q8_0).encode(matrix, 0, 128, writer.tensor("matrix"), 0);
            GgufEncoder.of(GgmlType.F32)
                    .encode(new float[] {1, 2, 3}, 0, 3, writer.tensor("odd"), 0);
            writer.commit();
        }

        try (GgufFile read = GgufFile.open(temporary.resolve("a.gguf"))) {
            GgufMetadata keys = read.metadata();
            assertEquals("Ġ größer", keys.string("string"));
            assertEquals(65535, keys.integer("u16"));
            assertEquals(0xffff_ffffL, keys.integer("u32"));
            assertEquals(-5, keys.integer("i32"));
            assertEquals(1L << 62, keys.integer("u64"));
            assertEquals(1e-5, keys.real("f32"));
            assertTrue(keys.bool("bool"));
            assertEquals(List.of("", "月"), keys.strings("strings"));
            assertArrayEquals(new long[] {1, -1}, keys.integers("int32s"));
            assertArrayEquals(new double[] {0.5, 0.1}, keys.reals("float32s"));
            assertEquals(
                    List.of("odd", "matrix", "cube"),
                    read.tensors().stream().map(GgufTensor::name).toList());
            assertArrayEquals(new long[] {2, 3, 5}, read.tensor("cube").orElseThrow().shape());
            float[] row = new float[64];
            read.tensor("matrix").orElseThrow().decode(64, 128, row, 0);
            assertEquals(127, row[63], 0.05);
            float[] odd = new float[3];
            read.tensor("odd").orElseThrow().decode(0, 3, odd, 0);
            assertArrayEquals(new float[] {1, 2, 3}, odd);
        }
        assertEquals(List.of("a.gguf"), names());
    }

    @Test
    void a_file_that_is_not_committed_leaves_nothing_and_what_was_there_stays() throws IOException {
        Path place = Files.writeString(temporary.resolve("a.gguf"), "before");
        try (GgufWriter writer = GgufWriter.builder().tensor("a", GgmlType.F32, 4).create(place)) {
            assertEquals(16, writer.tensor("a").byteSize());
            assertEquals(2, names().size());
        }
        assertEquals("before", Files.readString(place));
        assertEquals(List.of("a.gguf"), names());
    }

    @Test
    void a_file_may_be_read_by_whom_the_system_lets() throws IOException {
        Path other = Files.createFile(temporary.resolve("other"));
        Path place = temporary.resolve("a.gguf");
        try (GgufWriter writer = GgufWriter.builder().create(place)) {
            writer.commit();
        }
        assertEquals(Files.getPosixFilePermissions(other), Files.getPosixFilePermissions(place));
    }

    @Test
    void a_file_that_finds_no_room_leaves_nothing() throws Exception {
        SmallDisk.mountedOn(
                temporary,
                () -> {
                    Path place = temporary.resolve("a.gguf");
                    try (GgufWriter _ =
                            GgufWriter.builder().tensor("a", GgmlType.F32, 3 << 18).create(place)) {
                        IOException fault =
                                assertThrows(
                                        IOException.class,
                                        () ->
                                                GgufWriter.builder()
                                                        .tensor("b", GgmlType.F32, 1 << 19)
                                                        .create(temporary.resolve("b.gguf")));
                        assertTrue(fault.getMessage().contains("no room"), fault.getMessage());
                        assertEquals(1, names().size());
                    }
                    assertEquals(List.of(), names());
                });
    }

    @Test
    void a_file_in_a_missing_folder_is_a_fault() {
        Path place = temporary.resolve("missing").resolve("a.gguf");
        assertThrows(FileSystemException.class, () -> GgufWriter.builder().create(place));
    }

    @Test
    void what_no_reader_would_take_is_not_announced() {
        GgufWriter.Builder file =
                GgufWriter.builder().string("key", "").tensor("a", GgmlType.F32, 1);
        assertRefused(() -> file.string("key", "again"));
        assertRefused(() -> file.tensor("a", GgmlType.F32, 1));
        assertRefused(() -> file.tensor("b", GgmlType.Q8_0, 32, 33));
        assertRefused(() -> file.tensor("b", GgmlType.F32));
        assertRefused(() -> file.tensor("b", GgmlType.F32, 1, 1, 1, 1, 1));
        assertRefused(() -> file.tensor("b", GgmlType.F32, 0));
        assertRefused(() -> file.tensor("b".repeat(64), GgmlType.F32, 1));
        assertRefused(() -> file.uint32("u32", 1L << 32));
        assertRefused(() -> file.uint32("u32", -1));
        assertRefused(() -> file.uint16("u16", 1 << 16));
        assertRefused(() -> file.uint64("u64", -1));
        assertFalse(names().contains("a.gguf"));
    }

    private static void assertRefused(Runnable announce) {
        assertThrows(IllegalArgumentException.class, announce::run);
    }

    private List<String> names() {
        try (Stream<Path> files = Files.list(temporary)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
