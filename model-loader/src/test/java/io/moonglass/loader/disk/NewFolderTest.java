package io.moonglass.loader.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewFolderTest {

    @TempDir private Path parent;

    private Path target;

    @BeforeEach
    void nameTarget() {
        target = parent.resolve("packed");
    }

    @Test
    void a_folder_is_there_when_it_is_complete_and_holds_what_was_written() throws IOException {
        try (NewFolder folder = NewFolder.begin(target)) {
            Files.writeString(folder.path().resolve("a"), "whole");
            assertFalse(Files.exists(target));
            folder.commit();
        }

        assertEquals(List.of(target), list(parent));
        assertEquals(List.of(target.resolve("a")), list(target));
    }

    @Test
    void a_run_that_fails_leaves_nothing() throws IOException {
        try (NewFolder folder = NewFolder.begin(target)) {
            Files.createDirectories(folder.path().resolve("b/c"));
            Files.writeString(folder.path().resolve("b/c/d"), "half");
        }

        assertEquals(List.of(), list(parent));
    }

    @Test
    void what_a_killed_run_left_goes_with_the_next() throws Exception {
        assertEquals(1, Filling.start(target, "die").waitFor());
        assertEquals(1, list(parent).size());
        Path ofEarlierVersion = Files.createDirectory(parent.resolve(".packed.unfinished"));
        Files.writeString(ofEarlierVersion.resolve("model.safetensors"), "half");

        NewFolder.begin(target).close();

        assertEquals(List.of(), list(parent));
    }

    @Test
    void what_cannot_be_removed_is_not_in_the_way() throws IOException {
        Path leftover = Files.createDirectory(parent.resolve(".packed.unfinished"));
        Files.createDirectory(leftover.resolve(".lock")); // where a file should be

        NewFolder.begin(target).close();

        assertEquals(List.of(leftover), list(parent));
    }

    @Test
    void what_another_process_writes_stays_until_it_is_whole() throws Exception {
        Process other = Filling.start(target, "wait");
        assertEquals('r', other.getInputStream().read(), "it has begun");

        ConfigException fault = assertThrows(ConfigException.class, () -> NewFolder.begin(target));
        assertTrue(fault.getMessage().contains("another run is writing it"), fault.getMessage());
        other.getOutputStream().close();
        assertEquals(0, other.waitFor());
        assertEquals(List.of(target.resolve("a")), list(target));
    }

    @Test
    void what_this_process_writes_stays_as_well() throws Exception {
        try (NewFolder folder = NewFolder.begin(target)) {
            assertThrows(ConfigException.class, () -> NewFolder.begin(target));
            // Had that given up its lock, another process would take it for left behind.
            Process other = Filling.start(target, "go on");
            other.getOutputStream().close();
            assertNotEquals(0, other.waitFor());
            assertTrue(Files.exists(folder.path()));
            folder.commit();
        }
        assertEquals(List.of(target), list(parent));
    }

    @Test
    void folders_of_longer_names_are_left_alone() throws IOException {
        try (NewFolder longer = NewFolder.begin(parent.resolve("packed.4"));
                NewFolder folder = NewFolder.begin(target)) {
            folder.commit();
            longer.commit();
        }
        assertEquals(List.of(target, parent.resolve("packed.4")), list(parent));
    }

    @Test
    void what_came_into_the_place_meanwhile_is_not_replaced() throws IOException {
        try (NewFolder folder = NewFolder.begin(target)) {
            Files.createDirectory(target);
            Files.writeString(target.resolve("other"), "whole");
            assertThrows(IOException.class, folder::commit);
        }
        assertEquals(List.of(target.resolve("other")), list(target));
        assertThrows(ConfigException.class, () -> NewFolder.begin(target));
    }

    @Test
    void a_link_that_leads_nowhere_is_in_the_place_too() throws IOException {
        Files.createSymbolicLink(target, parent.resolve("nowhere"));
        assertThrows(ConfigException.class, () -> NewFolder.begin(target));
        assertEquals(List.of(target), list(parent));
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    /// A process that fills a folder.
    static final class Filling {

        static Process start(Path target, String end) throws IOException {
            return new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Filling.class.getName(),
                            target.toString(),
                            end)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        }

        public static void main(String[] arguments) throws IOException {
            try (NewFolder folder = NewFolder.begin(Path.of(arguments[0]))) {
                Files.writeString(folder.path().resolve("a"), "by another");
                if (arguments[1].equals("die")) {
                    Runtime.getRuntime().halt(1);
                }
                System.out.print("r");
                System.out.flush();
                while (System.in.read() >= 0) {} // until its parent lets it go on
                folder.commit();
            }
        }
    }
}
