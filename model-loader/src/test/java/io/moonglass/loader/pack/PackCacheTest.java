package io.moonglass.loader.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.LoggedLines;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackCacheTest {

    @TempDir private Path folder;
    private Path model;
    private Path directory;
    private int numPackings;

    @BeforeEach
    void copyModel() throws IOException {
        model =
                TestModels.copyOfTinyRandom(
                        Files.createDirectories(folder.resolve("first/tiny-random")));
        directory = folder.resolve("cache");
    }

    @Test
    void a_model_is_packed_once_and_found_after_that() {
        Path first = packed(model, WeightFormat.Q8);
        Path second = packed(model, WeightFormat.Q8);

        assertEquals(1, numPackings);
        assertEquals(first, second);
        assertTrue(first.getFileName().toString().matches("tiny-random-q8-[0-9a-f]{16}"));
        try (Checkpoint checkpoint = Checkpoint.open(first)) {
            assertEquals("q8", checkpoint.manifest().orElseThrow().weights());
        }
    }

    @Test
    void the_log_says_what_is_packed_to_where_and_that_it_was() {
        List<String> lines = new ArrayList<>();
        try (var _ = LoggedLines.of(PackCache.class, lines)) {
            packed(model, WeightFormat.Q8);
            Path entry = packed(model, WeightFormat.Q8);

            assertEquals(
                    List.of(
                            "packing %s as q8 into %s; the next start finds it there"
                                    .formatted(model, entry),
                            "%s as q8: packed before, in %s".formatted(model, entry)),
                    lines);
        }
    }

    @Test
    void a_source_that_has_changed_is_packed_anew() throws IOException {
        Path before = packed(model, WeightFormat.Q8);

        Path weights = model.resolve("model-00001-of-00002.safetensors");
        Files.setLastModifiedTime(weights, FileTime.fromMillis(1_000_000));
        Path otherWeights = packed(model, WeightFormat.Q8);

        Path template = model.resolve("chat_template.jinja");
        FileTime time = Files.getLastModifiedTime(template);
        Files.writeString(template, Files.readString(template) + ' ');
        Files.setLastModifiedTime(template, time);
        Path otherTemplate = packed(model, WeightFormat.Q8);

        assertNotEquals(before, otherWeights);
        assertNotEquals(otherWeights, otherTemplate);
        assertEquals(3, numPackings);
    }

    @Test
    void each_format_has_an_entry_of_its_own() {
        assertNotEquals(packed(model, WeightFormat.Q8), packed(model, WeightFormat.Q4));
    }

    @Test
    void a_model_that_was_moved_is_not_packed_again() throws IOException {
        Path before = packed(model, WeightFormat.Q8);
        Path moved =
                Files.move(
                        model,
                        Files.createDirectory(folder.resolve("second")).resolve("tiny-random"));

        assertEquals(before, packed(moved, WeightFormat.Q8));
    }

    @Test
    void processes_that_start_together_pack_once() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "--add-modules=jdk.incubator.vector",
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    Packing.class.getName(),
                                    directory.toString(),
                                    model.toString())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start());
        }
        List<String> said = new ArrayList<>();
        for (Process process : processes) {
            said.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            assertEquals(0, process.waitFor());
        }

        assertEquals(List.of("found", "found", "packed"), said.stream().sorted().toList());
        try (Stream<Path> entries = Files.list(directory)) {
            assertEquals(
                    1,
                    entries.filter(entry -> !entry.getFileName().toString().startsWith("."))
                            .count());
        }
    }

    @Test
    void a_folder_that_cannot_be_made_is_named_with_the_way_out() throws IOException {
        directory = Files.writeString(folder.resolve("file"), "no folder").resolve("cache");

        ConfigException fault =
                assertThrows(ConfigException.class, () -> packed(model, WeightFormat.Q8));

        assertTrue(fault.getMessage().contains(directory.toString()), fault.getMessage());
        assertTrue(fault.getMessage().contains("--cache"), fault.getMessage());
    }

    @Test
    void a_disk_without_room_is_told_by_its_numbers() {
        ConfigException fault =
                assertThrows(
                        ConfigException.class, () -> Room.check(folder, 1L << 60, "the model"));

        assertTrue(
                fault.getMessage()
                        .matches(
                                ".*the model takes 1152921504\\.61 GB, and \\d+\\.\\d\\d GB are free there; make room.*"),
                fault.getMessage());
    }

    @Test
    void small_models_are_read_as_they_are_and_large_ones_in_what_fits() {
        long small = 1L << 30;
        ModelFiles.Folder files = files(model);
        assertTrue(SuitableFormat.of(files, 1 << 20).isEmpty());
        assertTrue(SuitableFormat.of(files(folder.resolve("nowhere")), 1 << 20).isEmpty());
        assertEquals(WeightFormat.Q8, SuitableFormat.of(files, small, 1000).orElseThrow());
        assertEquals(WeightFormat.Q4, SuitableFormat.of(files, 1000, 1000).orElseThrow());
    }

    private Path packed(Path source, WeightFormat format) {
        return new PackCache(directory)
                .packed(
                        files(source),
                        format,
                        2,
                        (numTensors, _, _, _) -> numPackings += numTensors == 1 ? 1 : 0);
    }

    private static ModelFiles.Folder files(Path directory) {
        return new ModelFiles.Folder(directory);
    }

    /// A process that wants a packed model and says whether it packed it.
    static final class Packing {

        private static boolean packed;

        public static void main(String[] arguments) {
            new PackCache(Path.of(arguments[0]))
                    .packed(
                            files(Path.of(arguments[1])),
                            WeightFormat.Q4,
                            1,
                            (_, _, _, _) -> packed = true);
            System.out.print(packed ? "packed" : "found");
        }
    }
}
