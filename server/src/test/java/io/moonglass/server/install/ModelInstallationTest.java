package io.moonglass.server.install;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelInstallationTest {

    private static final String CONFIG = "{\"model_type\": \"kimi_vl\"}";
    private static final String WEIGHTS = "weights";

    /// What `sha256sum` says of the two.
    private static final String CONFIG_SUM =
            "bb596453dffd42a3d0708536e2840d8fef854a08402ec1dc52061af28a6947dd";

    private static final String WEIGHTS_SUM =
            "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";

    @TempDir private Path folder;

    private Path source;
    private Path target;

    @BeforeEach
    void make_a_checkpoint() throws IOException {
        source = Files.createDirectory(folder.resolve("source"));
        target = folder.resolve("volume/model");
        Files.writeString(source.resolve("config.json"), CONFIG);
        Files.writeString(source.resolve("model.safetensors"), WEIGHTS);
        Files.writeString(source.resolve(".gitattributes"), "hidden");
        Files.createDirectories(source.resolve("extra"));
        Files.writeString(source.resolve("extra/notes.txt"), "more");
    }

    @Test
    void the_target_has_every_file_and_their_sums() throws IOException {
        assertTrue(install(Optional.empty()));

        assertEquals(
                List.of(
                        ModelInstallation.LIST,
                        "config.json",
                        "extra/notes.txt",
                        "model.safetensors"),
                files(target));
        assertEquals(WEIGHTS, Files.readString(target.resolve("model.safetensors")));
        assertTrue(
                Files.readAllLines(target.resolve(ModelInstallation.LIST))
                        .contains(WEIGHTS_SUM + "  model.safetensors"));
        assertEquals(List.of(".model.lock", "model"), names(target.getParent()));
    }

    @Test
    void a_complete_target_needs_no_source_any_more() throws IOException {
        install(Optional.empty());
        Files.delete(source.resolve("config.json"));

        assertFalse(install(Optional.empty()));
    }

    @Test
    void only_files_that_the_sums_name_are_copied() throws IOException {
        assertTrue(install(sums(CONFIG_SUM, WEIGHTS_SUM)));

        assertEquals(
                List.of(ModelInstallation.LIST, "config.json", "model.safetensors"), files(target));
        assertFalse(install(sums(CONFIG_SUM, WEIGHTS_SUM)));
    }

    @Test
    void a_file_with_another_sum_is_refused_and_leaves_nothing() throws IOException {
        ConfigException fault =
                assertThrows(ConfigException.class, () -> install(sums(CONFIG_SUM, CONFIG_SUM)));

        assertTrue(fault.getMessage().contains("model.safetensors: SHA-256 is 9a129038"));
        assertEquals(List.of(".model.lock"), names(target.getParent()));
    }

    @Test
    void a_model_with_other_sums_is_not_taken_for_the_one_that_is_wanted() throws IOException {
        install(Optional.empty());

        ConfigException fault =
                assertThrows(ConfigException.class, () -> install(sums(WEIGHTS_SUM, CONFIG_SUM)));
        assertTrue(fault.getMessage().contains("holds another model"), fault.getMessage());
    }

    @Test
    void what_a_killed_copy_left_is_no_part_of_the_next() throws IOException {
        Path partial = Files.createDirectories(folder.resolve("volume/.model.partial/extra"));
        Files.writeString(partial.resolve("half"), "hal");

        assertTrue(install(Optional.empty()));
        assertFalse(Files.exists(target.resolve("extra/half")));
        assertEquals(List.of(".model.lock", "model"), names(target.getParent()));
    }

    @Test
    void a_folder_of_others_is_left_alone() throws IOException {
        Files.createDirectories(target);
        Files.writeString(target.resolve("mine"), "mine");

        ConfigException fault =
                assertThrows(ConfigException.class, () -> install(Optional.empty()));
        assertTrue(fault.getMessage().contains("is there already"), fault.getMessage());
        assertEquals("mine", Files.readString(target.resolve("mine")));
    }

    @Test
    void an_empty_folder_may_be_there() throws IOException {
        Files.createDirectories(target);

        assertTrue(install(Optional.empty()));
        assertTrue(Files.exists(target.resolve("config.json")));
    }

    @Test
    void a_link_out_of_the_source_is_refused() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "secret");
        Files.createSymbolicLink(source.resolve("vocabulary.json"), secret);

        ConfigException fault =
                assertThrows(ConfigException.class, () -> install(Optional.empty()));
        assertTrue(fault.getMessage().contains("leads out of"), fault.getMessage());
        assertFalse(Files.exists(target));
    }

    @Test
    void a_snapshot_of_the_hugging_face_cache_is_copied_as_files() throws IOException {
        Path blobs = Files.createDirectories(folder.resolve("models--a--b/blobs"));
        Files.writeString(blobs.resolve("6f1a"), CONFIG);
        source = Files.createDirectories(folder.resolve("models--a--b/snapshots/abc"));
        Files.createSymbolicLink(source.resolve("config.json"), Path.of("../../blobs/6f1a"));

        assertTrue(install(Optional.empty()));
        assertFalse(Files.isSymbolicLink(target.resolve("config.json")));
        assertEquals(CONFIG, Files.readString(target.resolve("config.json")));
    }

    @Test
    void lines_that_name_files_elsewhere_are_refused() throws IOException {
        for (String path : List.of("../secret", "/etc/passwd", "a/../../b")) {
            Path list = Files.writeString(folder.resolve("sums"), CONFIG_SUM + "  " + path + "\n");
            ConfigException fault =
                    assertThrows(ConfigException.class, () -> install(Optional.of(list)), path);
            assertTrue(fault.getMessage().contains("line 1"), fault.getMessage());
        }
    }

    /// Processes of their own, since a lock on a file holds between processes alone.
    @Test
    void of_several_processes_one_copies_and_all_find_the_target_complete() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-Xmx64m",
                                    "-XX:TieredStopAtLevel=1",
                                    "--add-modules=jdk.incubator.vector",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    "io.moonglass.server.command.Main",
                                    "install",
                                    source.toString(),
                                    target.toString())
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start());
        }
        List<String> said = new ArrayList<>();
        for (Process process : processes) {
            said.add(new String(process.getInputStream().readAllBytes()));
            assertEquals(0, process.waitFor());
        }
        assertEquals(
                1,
                Collections.frequency(said, "installed in %s\n".formatted(target)),
                said::toString);
        assertEquals(CONFIG, Files.readString(target.resolve("config.json")));
    }

    private boolean install(Optional<Path> sums) {
        return new ModelInstallation(source, target, sums).run((_, _, _) -> {});
    }

    private Optional<Path> sums(String config, String weights) throws IOException {
        return Optional.of(
                Files.writeString(
                        folder.resolve("sums"),
                        "%s  config.json\n%s *./model.safetensors\n".formatted(config, weights)));
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
