package io.moonglass.loader.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {

    private static final int F32 = GgmlType.F32.id();
    private static final int Q8_0 = GgmlType.Q8_0.id();

    @TempDir private Path temporary;

    @Test
    void a_file_of_another_program_is_read() {
        try (GgufFile file = GgufFile.open(OtherPrograms.file("other_program.gguf"))) {
            assertEquals("deepseek2", file.metadata().string("general.architecture"));
            checkTensors(file);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void a_split_model_is_read_whole_whichever_part_is_named(int part) {
        Path path = OtherPrograms.file("split-0000%d-of-00003.gguf".formatted(part));
        try (GgufFile file = GgufFile.open(path)) {
            assertEquals("in parts", file.metadata().string("general.name"));
            assertEquals(path, file.path());
            assertEquals(
                    List.of(
                            "split-00001-of-00003.gguf",
                            "split-00002-of-00003.gguf",
                            "split-00003-of-00003.gguf"),
                    file.parts().stream().map(p -> p.getFileName().toString()).toList());
            checkTensors(file);
        }
    }

    private static void checkTensors(GgufFile file) {
        assertEquals(
                List.of(
                        "plain.f32",
                        "plain.f16",
                        "stacked",
                        "quantised.q8_0",
                        "quantised.q4_0",
                        "quantised.bf16"),
                file.tensors().stream().map(GgufTensor::name).toList());
        assertTrue(file.tensor("stack").isEmpty());

        float[] numbers = new float[2 * 3 * 32];
        GgufTensor stacked = file.tensor("stacked").orElseThrow();
        stacked.decode(0, numbers.length, numbers, 0);
        assertArrayEquals(new long[] {2, 3, 32}, stacked.shape());
        for (int i = 0; i < numbers.length; i++) {
            assertEquals(i, numbers[i]);
        }

        checkMatrix(file, "plain.f32", 0);
        checkMatrix(file, "plain.f16", 0);
        checkMatrix(file, "quantised.bf16", 3f / 512);
        checkMatrix(file, "quantised.q8_0", 3f / 240);
        checkMatrix(file, "quantised.q4_0", 3f / 8);
    }

    private static void checkMatrix(GgufFile file, String name, float tolerance) {
        GgufTensor tensor = file.tensor(name).orElseThrow();
        assertArrayEquals(new long[] {6, 64}, tensor.shape());
        float[] lastRows = new float[1 + 2 * 64];
        tensor.decode(4 * 64, 6 * 64, lastRows, 1);
        for (int i = 0; i < 2 * 64; i++) {
            assertEquals((4 * 64 + i - 190) / 64f, lastRows[1 + i], tolerance, name);
        }
    }

    @ParameterizedTest
    @CsvSource({"352, 416, 0", "-32, 0, 0", "0, 64, 1", "0, 96, 0", "64, 32, 0"})
    void what_does_not_lie_in_a_tensor_or_its_target_is_not_decoded(long from, long to, int at) {
        try (GgufFile file = GgufFile.open(OtherPrograms.file("other_program.gguf"))) {
            GgufTensor tensor = file.tensor("quantised.q8_0").orElseThrow();
            float[] target = new float[64];
            IndexOutOfBoundsException fault =
                    assertThrows(
                            IndexOutOfBoundsException.class,
                            () -> tensor.decode(from, to, target, at));
            assertTrue(fault.getMessage().contains("of quantised.q8_0"), fault.getMessage());
            assertArrayEquals(new float[64], target);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 33", "0, 33", "1, 32"})
    void what_is_no_whole_block_is_not_decoded(long from, long to) {
        try (GgufFile file = GgufFile.open(OtherPrograms.file("other_program.gguf"))) {
            GgufTensor tensor = file.tensor("quantised.q8_0").orElseThrow();
            assertThrows(
                    IllegalArgumentException.class,
                    () -> tensor.decode(from, to, new float[64], 0));
        }
    }

    @Test
    void version_2_is_read_as_version_3_is() throws IOException {
        byte[] file = GgufBytes.header(2, 1, 0).tensor("a", F32, 0, 2).data(8).bytes();
        try (GgufFile opened = GgufFile.open(write("two.gguf", file))) {
            assertEquals(8, opened.tensor("a").orElseThrow().data().byteSize());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16, 64, 4096})
    void another_alignment_is_kept(int alignment) throws IOException {
        byte[] file =
                GgufBytes.header(2, 1)
                        .key(GgufPart.ALIGNMENT, alignment)
                        .tensor("a", F32, 0, 1)
                        .tensor("b", F32, alignment, 1)
                        .data(alignment, alignment + 4)
                        .bytes();
        file[file.length - 1] = 0x40; // 2
        try (GgufFile opened = GgufFile.open(write("aligned.gguf", file))) {
            float[] value = new float[1];
            opened.tensor("b").orElseThrow().decode(0, 1, value, 0);
            assertEquals(2, value[0]);
        }
    }

    @Test
    void a_file_of_keys_alone_is_read() throws IOException {
        byte[] file = GgufBytes.header(0, 1).key("a", "b").bytes();
        try (GgufFile opened = GgufFile.open(write("keys.gguf", file))) {
            assertEquals("b", opened.metadata().string("a"));
            assertTrue(opened.tensors().isEmpty());
        }
    }

    @Test
    void every_beginning_of_a_file_is_refused() throws IOException {
        byte[] whole = Files.readAllBytes(OtherPrograms.file("other_program.gguf"));
        for (int length = 0; length < whole.length; length += length < 1100 ? 1 : 97) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertRefused("cut short", cut);
        }
    }

    @Test
    void what_is_no_such_file_is_refused() throws IOException {
        assertRefused("does not begin with \"GGUF\"", new byte[64]);
        assertRefused("GGUF version 1; want 2 or 3", GgufBytes.header(1, 0, 0).bytes());
        assertRefused("GGUF version 4; want 2 or 3", GgufBytes.header(4, 0, 0).bytes());
        assertRefused("is a big-endian file", GgufBytes.header(3 << 24, 0, 0).bytes());
        assertRefused("no such file", temporary.resolve("missing.gguf"));
        assertRefused("no such file", temporary);
    }

    @ParameterizedTest
    @ValueSource(longs = {5, 1L << 40, 1L << 60, Long.MAX_VALUE, -1})
    void counts_that_the_file_cannot_hold_are_refused(long count) throws IOException {
        assertRefused("tensors", GgufBytes.header(count, 0).data(64).bytes());
        assertRefused("keys", GgufBytes.header(0, count).data(24).bytes());
        for (ValueType type : ValueType.values()) {
            assertRefused(
                    "elements of key list",
                    GgufBytes.header(0, 1)
                            .key("list", ValueType.ARRAY)
                            .u32(type.ordinal())
                            .u64(count)
                            .bytes());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {9, 1L << 31, 1L << 60, Long.MAX_VALUE, -1})
    void lengths_that_the_file_cannot_hold_are_refused(long length) throws IOException {
        assertRefused(
                "the name of key 0", GgufBytes.header(0, 1).u64(length).raw(1, 1, 1, 1, 1).bytes());
        assertRefused(
                "key a at byte",
                GgufBytes.header(0, 1).key("a", ValueType.STRING).u64(length).raw(1).bytes());
        assertRefused(
                "key a at byte",
                GgufBytes.header(0, 1)
                        .key("a", ValueType.ARRAY)
                        .u32(ValueType.STRING.ordinal())
                        .u64(1)
                        .u64(length)
                        .raw(1)
                        .bytes());
    }

    @Test
    void values_of_unknown_types_are_refused() throws IOException {
        assertRefused(
                "key a is of type 13; want 0 to 12",
                GgufBytes.header(0, 1).text("a").u32(13).data(32).bytes());
        assertRefused(
                "an element of key a is of type 4294967295",
                GgufBytes.header(0, 1).key("a", ValueType.ARRAY).u32(-1).data(32).bytes());
    }

    @Test
    void arrays_that_are_nested_too_deep_are_refused() throws IOException {
        GgufBytes file = GgufBytes.header(0, 1).key("a", ValueType.ARRAY);
        for (int depth = 0; depth < 10_000; depth++) {
            file.u32(ValueType.ARRAY.ordinal()).u64(1);
        }
        assertRefused("key a nests arrays deeper than 4", file.bytes());
    }

    @Test
    void names_that_come_twice_are_refused() throws IOException {
        assertRefused(
                "key a is there twice", GgufBytes.header(0, 2).key("a", 1).key("a", 2).bytes());
        assertRefused(
                "tensor a is there twice",
                GgufBytes.header(2, 0)
                        .tensor("a", F32, 0, 1)
                        .tensor("a", F32, 32, 1)
                        .data(36)
                        .bytes());
    }

    @Test
    void names_are_text_of_a_bounded_length() throws IOException {
        assertRefused(
                "the name of key 0 is no valid UTF-8",
                GgufBytes.header(0, 1).u64(2).raw(0xc3, 0x28).data(32).bytes());
        assertRefused(
                "a tensor's name has 65 bytes; want at most 64",
                GgufBytes.header(1, 0).tensor("a".repeat(65), F32, 0, 1).data(4).bytes());
        assertRefused(
                "the name of key 0 has 70000 bytes; want at most 65,536",
                GgufBytes.header(0, 1).key("a".repeat(70_000), 0).bytes());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 3, 24, 1L << 31, 0xffff_ffffL})
    void an_alignment_is_a_power_of_two(long alignment) throws IOException {
        assertRefused(
                "key general.alignment is the u32 %d; want a power of two".formatted(alignment),
                GgufBytes.header(1, 1)
                        .key(GgufPart.ALIGNMENT, alignment)
                        .tensor("a", F32, 0, 1)
                        .data(4)
                        .bytes());
    }

    @Test
    void an_alignment_is_a_number() throws IOException {
        assertRefused(
                "key general.alignment is the string \"32\"; want integers",
                GgufBytes.header(0, 1).key(GgufPart.ALIGNMENT, "32").bytes());
    }

    @Test
    void tensors_of_types_that_are_not_read_are_refused_by_name() throws IOException {
        assertRefused("tensor a is IQ1_S; want one of [F32, F16, Q4_0", tensor(19, 0, 256));
        assertRefused("tensor a is of the unknown type 4; want", tensor(4, 0, 32));
    }

    @Test
    void shapes_that_no_tensor_has_are_refused() throws IOException {
        assertRefused("tensor a has 0 dimensions; want 1 to 4", tensor(F32, 0));
        assertRefused("tensor a has 5 dimensions; want 1 to 4", tensor(F32, 0, 1, 1, 1, 1, 1));
        assertRefused("tensor a has the shape [0, 4]", tensor(F32, 0, 4, 0));
        assertRefused("tensor a has the shape [-1]", tensor(F32, 0, -1));
        assertRefused("whose product fits the file", tensor(F32, 0, 1L << 32, 1L << 32, 1L << 32));
        assertRefused("whose product fits the file", tensor(F32, 0, 1L << 62));
        assertRefused("whose product fits the file", tensor(F32, 0, -1, -1));
        assertRefused("tensor a has rows of 33 values in Q8_0", tensor(Q8_0, 0, 33, 32));
    }

    @Test
    void tensors_that_lie_outside_of_the_file_are_refused() throws IOException {
        assertRefused("tensor a takes 512 bytes from offset 0", tensor(F32, 0, 128));
        assertRefused("tensor a takes 256 bytes from offset 32", tensor(F32, 32, 64));
        assertRefused("from offset 9223372036854775776", tensor(F32, Long.MAX_VALUE - 31, 64));
        assertRefused("from offset 18446744073709551584", tensor(F32, -32, 64));
        assertRefused("takes 4,611,686,018,427,387,904 bytes", tensor(F32, 0, 1L << 60));
        assertRefused(
                "takes 9,223,372,036,854,775,804 bytes",
                GgufBytes.header(1, 1)
                        .key(GgufPart.ALIGNMENT, 1 << 30)
                        .tensor("a", F32, 0, (1L << 61) - 1)
                        .bytes());
    }

    @Test
    void tensors_begin_where_the_alignment_says_and_do_not_overlap() throws IOException {
        assertRefused(
                "tensor a begins at offset 8; want a multiple of the alignment 32",
                tensor(F32, 8, 4));
        assertRefused(
                "tensors b and a overlap at offset 32",
                GgufBytes.header(2, 0)
                        .tensor("a", F32, 32, 8)
                        .tensor("b", F32, 0, 9)
                        .data(128)
                        .bytes());
        assertRefused(
                "tensors a and b overlap at offset 0",
                GgufBytes.header(2, 0)
                        .tensor("a", F32, 0, 1)
                        .tensor("b", F32, 0, 1)
                        .data(128)
                        .bytes());
    }

    @Test
    void parts_that_name_each_other_are_refused() throws IOException {
        // Both say that they are the first of two.
        write("m-00001-of-00002.gguf", part(0, 2, 2, "a"));
        write("m-00002-of-00002.gguf", part(0, 2, 2, "b"));
        assertRefused(
                "m-00002-of-00002.gguf: key split.no is the u32 0; want 1",
                temporary.resolve("m-00001-of-00002.gguf"));

        Files.delete(temporary.resolve("m-00002-of-00002.gguf"));
        Files.createSymbolicLink(
                temporary.resolve("m-00002-of-00002.gguf"), Path.of("m-00001-of-00002.gguf"));
        assertRefused(
                "m-00002-of-00002.gguf: key split.no is the u32 0; want 1",
                temporary.resolve("m-00002-of-00002.gguf"));

        Files.delete(temporary.resolve("m-00001-of-00002.gguf"));
        Files.createSymbolicLink(
                temporary.resolve("m-00001-of-00002.gguf"), Path.of("m-00002-of-00002.gguf"));
        assertRefused("no such file", temporary.resolve("m-00001-of-00002.gguf"));
    }

    @Test
    void parts_of_different_models_are_refused() throws IOException {
        write("m-00001-of-00002.gguf", part(0, 2, 2, "a"));
        assertRefused(
                "m-00002-of-00002.gguf: no such file", temporary.resolve("m-00001-of-00002.gguf"));

        write("m-00002-of-00002.gguf", part(1, 3, 2, "b"));
        assertRefused(
                "m-00002-of-00002.gguf: key split.count is the u32 3; want 2",
                temporary.resolve("m-00001-of-00002.gguf"));

        write("m-00002-of-00002.gguf", part(1, 2, 2, "a"));
        assertRefused(
                "m-00002-of-00002.gguf: tensor a is there twice",
                temporary.resolve("m-00001-of-00002.gguf"));

        write("m-00001-of-00002.gguf", part(0, 2, 3, "a"));
        write("m-00002-of-00002.gguf", part(1, 2, 3, "b"));
        assertRefused(
                "m-00001-of-00002.gguf: key split.tensors.count is the u32 3; want 2",
                temporary.resolve("m-00001-of-00002.gguf"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"m.gguf", "m-00001-of-00003.gguf", "m-1-of-2.gguf", "m-00003-of-00002.gguf"})
    void a_part_is_named_by_its_number(String name) throws IOException {
        assertRefused("split", write(name, part(0, 2, 2, "a")));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1L << 31, 0xffff_ffffL})
    void a_number_of_parts_that_cannot_be_is_refused(long count) throws IOException {
        assertRefused(
                "key split.count is the u32 " + count,
                write("m-00001-of-00002.gguf", part(0, count, 1, "a")));
    }

    private static byte[] part(long number, long count, long numTensors, String tensor) {
        return GgufBytes.header(1, 3)
                .key("split.no", number)
                .key("split.count", count)
                .key("split.tensors.count", numTensors)
                .tensor(tensor, F32, 0, 1)
                .data(4)
                .bytes();
    }

    /// One tensor, and 256 bytes of data.
    private static byte[] tensor(long type, long offset, long... sizes) {
        return GgufBytes.header(1, 0).tensor("a", type, offset, sizes).data(256).bytes();
    }

    private void assertRefused(String part, byte[] file) throws IOException {
        assertRefused(part, write("lies.gguf", file));
    }

    private static void assertRefused(String part, Path file) {
        ModelFormatException fault =
                assertThrows(ModelFormatException.class, () -> GgufFile.open(file).close());
        String message = fault.getMessage();
        assertTrue(message.contains(part), message);
        assertTrue(message.length() < 400 && message.lines().count() == 1, message);
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(temporary.resolve(name), bytes);
    }
}
