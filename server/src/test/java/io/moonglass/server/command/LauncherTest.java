package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The launcher in a small source tree of its own, with JDKs and a Maven wrapper that are scripts.
/// Every path has a space in it.
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {

    private static final Instant LAST_EDIT = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant LAST_BUILD = LAST_EDIT.plusSeconds(60);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /// What the launcher uses of a POSIX system; a PATH of these alone holds no java.
    private static final List<String> TOOLS =
            List.of(
                    "awk",
                    "basename",
                    "cat",
                    "dirname",
                    "find",
                    "head",
                    "mkdir",
                    "mv",
                    "readlink",
                    "rm",
                    "sed",
                    "sh",
                    "sleep",
                    "tail",
                    "touch",
                    "uname");

    /// Notes every build, and ends it only when the file `gate` is there.
    private static final String MAVEN_WRAPPER =
            """
            #!/bin/sh
            [ "$1" != --version ] || exit 0
            here=$(dirname "$0")
            echo "$JAVA_HOME" >>"$here/builds"
            until [ -f "$here/gate" ] || [ ! -d "$here" ]; do sleep 0.05; done
            mkdir -p "$here/server/target"
            : >"$here/server/target/moonglass.jar"
            """;

    private static final String PRINTS_ITS_PROCESS_AND_ARGUMENTS =
            """
            #!/bin/sh
            echo "$$"
            printf '%s\\n' "$@"
            """;

    @TempDir private Path folder;

    private Path tree;
    private Path jdks;
    private Map<String, String> environment;

    @BeforeEach
    void a_tree_that_is_built_and_a_machine_without_java() throws IOException {
        tree = Files.createDirectory(folder.resolve("a tree"));
        jdks = Files.createDirectory(folder.resolve("some jdks"));
        Path tools = Files.createDirectory(folder.resolve("some tools"));
        for (String tool : TOOLS) {
            script(tools.resolve(tool), "#!/bin/sh\nexec " + find(tool) + " \"$@\"\n");
        }
        Files.copy(repository().resolve("moonglass"), tree.resolve("moonglass"));
        script(tree.resolve("mvnw"), MAVEN_WRAPPER);
        Files.createFile(tree.resolve("gate"));
        write(tree.resolve("pom.xml"), LAST_EDIT);
        write(tree.resolve("server/src/main/Main.java"), LAST_EDIT);
        Files.setLastModifiedTime(tree.resolve("server/src/main"), FileTime.from(LAST_EDIT));
        write(jar(), LAST_BUILD);

        environment = new HashMap<>();
        environment.put("PATH", tools.toString());
        environment.put("HOME", folder.resolve("home").toString());
        environment.put("MOONGLASS_JDK_FOLDERS", jdks + "/*");
    }

    @Test
    void an_explicit_setting_wins() throws Exception {
        Path wanted = jdk("wanted", "25.0.1");
        environment.put("MOONGLASS_JAVA_HOME", wanted.toString());
        environment.put("JAVA_HOME", jdk("newer", "26").toString());

        assertEquals(wanted, chosenJdk());
    }

    @Test
    void java_home_wins_over_a_newer_installed_jdk() throws Exception {
        Path wanted = jdk("wanted", "25.0.1");
        jdk("newer", "26");
        environment.put("JAVA_HOME", wanted.toString());

        assertEquals(wanted, chosenJdk());
    }

    @Test
    void a_jdk_that_is_too_old_is_passed_over() throws Exception {
        environment.put("JAVA_HOME", jdk("old", "17.0.15").toString());
        jdk("older", "1.8.0_392");
        Path wanted = jdk("wanted", "25.0.1");

        assertEquals(wanted, chosenJdk());
    }

    @Test
    void an_explicit_setting_that_is_too_old_is_refused_rather_than_passed_over() throws Exception {
        Path old = jdk("old", "17.0.15");
        jdk("good", "25.0.1");
        environment.put("MOONGLASS_JAVA_HOME", old.toString());

        Run run = launch("--print-java-home");

        assertEquals(1, run.status());
        assertContains(run.errors(), "MOONGLASS_JAVA_HOME is " + old);
        assertContains(run.errors(), "Java 17.0.15");
    }

    @Test
    void the_newest_of_the_installed_jdks_is_taken() throws Exception {
        jdk("a", "26.0.9");
        Path newest = jdk("b", "26.0.10");
        jdk("c", "26");
        jdk("d", "25.0.111");

        assertEquals(newest, chosenJdk());
    }

    @Test
    void the_java_on_the_path_is_followed_to_its_jdk() throws Exception {
        Path wanted = jdk("wanted", "25.0.1");
        jdk("newer", "26");
        Path bin = Files.createDirectory(folder.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("java"), wanted.resolve("bin/java"));
        environment.merge("PATH", ":" + bin, String::concat);

        assertEquals(wanted.toRealPath(), chosenJdk());
    }

    @Test
    void a_version_managers_java_on_the_path_is_asked_for_its_jdk() throws Exception {
        Path wanted = jdk("wanted", "25.0.1");
        Path shims = folder.resolve("shims");
        script(
                shims.resolve("java"),
                "#!/bin/sh\necho '    java.home = "
                        + wanted
                        + "' >&2\necho '    java.io = x' >&2\n");
        environment.merge("PATH", ":" + shims, String::concat);
        environment.put("MOONGLASS_JDK_FOLDERS", "");

        assertEquals(wanted, chosenJdk());
    }

    @Test
    void a_jdk_without_a_release_file_is_asked_for_its_version() throws Exception {
        Path wanted = jdk("wanted", "25");
        Files.delete(wanted.resolve("release"));
        script(wanted.resolve("bin/java"), "#!/bin/sh\necho 'openjdk version \"25.0.1\" x' >&2\n");

        assertEquals(wanted, chosenJdk());
    }

    @Test
    void without_a_jdk_it_says_what_it_found_and_how_to_install_one() throws Exception {
        Path old = jdk("old", "21.0.2");

        Run run = launch("serve");

        assertEquals(1, run.status());
        assertContains(run.errors(), "needs a JDK 25 or newer");
        assertContains(run.errors(), "Java 21.0.2 (JDK) in " + old);
        assertContains(run.errors(), "apt install openjdk-25-jdk");
        assertContains(run.errors(), "MOONGLASS_JAVA_HOME");
    }

    @Test
    void a_java_without_a_compiler_runs_what_is_built_but_does_not_build() throws Exception {
        Path runtime = jdk("runtime", "25.0.1");
        Files.delete(runtime.resolve("bin/javac"));

        assertEquals(0, launch("serve").status());

        Files.delete(jar());
        Run run = launch("serve");
        assertEquals(1, run.status());
        assertContains(run.errors(), "Java 25.0.1 (runtime) in " + runtime);
    }

    @Test
    void arguments_reach_the_program_as_they_were_given() throws Exception {
        jdk("good", "25.0.1");

        List<String> said = launch("ask", "two words", "", "*").said();

        int main = said.indexOf("io.moonglass.server.command.Main");
        assertEquals(List.of("ask", "two words", "", "*"), said.subList(main + 1, said.size()));
        assertTrue(said.contains(jar() + ":" + tree + "/server/target/lib/*"), said.toString());
    }

    @Test
    void java_takes_the_place_of_the_launcher_so_that_signals_reach_it() throws Exception {
        jdk("good", "25.0.1");
        Process process = start("serve");

        assertEquals(String.valueOf(process.pid()), finished(process).said().getFirst());
    }

    @Test
    void the_program_runs_with_the_options_that_the_tests_run_with() throws Exception {
        jdk("good", "25.0.1");
        Matcher flags =
                Pattern.compile("<jvm.flags>(.*)</jvm.flags>")
                        .matcher(Files.readString(repository().resolve("pom.xml")));
        assertTrue(flags.find());

        List<String> said = launch("serve").said();

        assertTrue(said.containsAll(Arrays.asList(flags.group(1).split(" "))), said.toString());
    }

    @Test
    void options_of_the_operator_come_after_ours() throws Exception {
        jdk("good", "25.0.1");
        Files.createFile(folder.resolve("-Dname=file"));
        environment.put("MOONGLASS_JAVA_OPTIONS", "-Xmx9g -Dname=*");

        List<String> said = launch("serve").said();

        assertTrue(said.indexOf("-Xmx9g") > said.indexOf("-Xmx2g"), said.toString());
        assertTrue(said.contains("-Dname=*"), said.toString());
    }

    @Test
    void it_works_through_a_symbolic_link() throws Exception {
        jdk("good", "25.0.1");
        Path bin = Files.createDirectory(folder.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("near"), Path.of("../a tree/moonglass"));
        Files.createSymbolicLink(bin.resolve("far"), Path.of("near"));

        Run run = finished(start(bin.resolve("far"), "serve"));

        assertTrue(run.said().contains("serve"), run.errors());
    }

    @Test
    void what_is_built_is_not_built_again() throws Exception {
        jdk("good", "25.0.1");

        launch("serve");

        assertFalse(Files.exists(tree.resolve("builds")));
    }

    @Test
    void a_changed_source_is_built_once_before_the_start() throws Exception {
        Path jdk = jdk("good", "25.0.1");
        write(tree.resolve("server/src/main/Main.java"), LAST_BUILD.plusSeconds(1));

        assertTrue(launch("serve").said().contains("serve"));
        assertTrue(launch("serve").said().contains("serve"));

        assertEquals(List.of(jdk.toString()), builds());
    }

    @Test
    void a_deleted_source_is_built_without() throws Exception {
        jdk("good", "25.0.1");
        Files.delete(tree.resolve("server/src/main/Main.java"));

        launch("serve");

        assertEquals(1, builds().size());
    }

    @Test
    void a_source_that_changes_during_a_build_is_built_the_next_time() throws Exception {
        jdk("good", "25.0.1");
        Files.delete(jar());
        Files.delete(tree.resolve("gate"));
        Process building = start("serve");
        awaitFile(tree.resolve("builds"));
        Path source = Files.writeString(tree.resolve("server/src/main/Main.java"), "changed");
        // The build started within the same tick of the file system's clock.
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));
        Files.createFile(tree.resolve("gate"));
        finished(building);

        launch("serve");

        assertEquals(2, builds().size());
    }

    @Test
    void two_first_runs_at_once_build_once() throws Exception {
        jdk("good", "25.0.1");
        Files.delete(jar());
        Files.delete(tree.resolve("gate"));
        Process first = start("serve");
        awaitFile(tree.resolve("builds"));
        Process second = start("serve");
        String waiting = second.errorReader().readLine();
        Files.createFile(tree.resolve("gate"));

        assertContains(waiting, "waiting for the build of process");
        assertTrue(finished(first).said().contains("serve"));
        assertTrue(finished(second).said().contains("serve"));
        assertEquals(1, builds().size());
    }

    @Test
    void the_lock_of_a_process_that_has_died_is_taken_over() throws Exception {
        jdk("good", "25.0.1");
        Files.delete(jar());
        Process dead = new ProcessBuilder("sh", "-c", "uname -n").start();
        String host = dead.inputReader().readLine();
        dead.waitFor();
        Path lock = Files.createDirectories(tree.resolve("target/build.lock"));
        Files.writeString(lock.resolve("owner"), host + " " + dead.pid() + "\n");

        assertTrue(launch("serve").said().contains("serve"));
        assertFalse(Files.exists(lock));
    }

    @Test
    void a_failed_build_shows_the_end_of_its_log_and_says_where_it_is() throws Exception {
        jdk("good", "25.0.1");
        Files.delete(jar());
        script(
                tree.resolve("mvnw"),
                "#!/bin/sh\n[ \"$1\" != --version ] || exit 0\necho Main.java does not compile\nexit 1\n");

        Run run = launch("serve");

        assertEquals(1, run.status());
        assertContains(run.errors(), "Main.java does not compile");
        assertContains(run.errors(), tree.resolve("target/build.log").toString());
        assertFalse(Files.exists(tree.resolve("target/build.lock")));
    }

    @Test
    void an_ended_build_gives_its_lock_back() throws Exception {
        jdk("good", "25.0.1");
        Files.delete(jar());
        Files.delete(tree.resolve("gate"));
        Process building = start("serve");
        awaitFile(tree.resolve("builds"));
        List<ProcessHandle> maven = building.children().toList();

        building.toHandle().destroy();

        assertEquals(143, finished(building).status());
        assertTrue(maven.stream().noneMatch(ProcessHandle::isAlive));
        assertFalse(Files.exists(tree.resolve("target/build.lock")));
    }

    @Test
    void an_installed_maven_builds_where_the_wrapper_cannot_start() throws Exception {
        Path jdk = jdk("good", "25.0.1");
        Files.delete(jar());
        Path bin = folder.resolve("bin");
        script(bin.resolve("mvn"), MAVEN_WRAPPER.replace("$(dirname \"$0\")", "'" + tree + "'"));
        script(tree.resolve("mvnw"), "#!/bin/sh\necho cannot download >&2\nexit 1\n");
        environment.merge("PATH", ":" + bin, String::concat);

        assertTrue(launch("serve").said().contains("serve"));
        assertEquals(List.of(jdk.toString()), builds());
    }

    private record Run(int status, List<String> said, String errors) {}

    private Run launch(String... arguments) throws Exception {
        return finished(start(arguments));
    }

    private Process start(String... arguments) throws IOException {
        return start(tree.resolve("moonglass"), arguments);
    }

    /// In another folder than the launcher's, and with nothing of this process' environment.
    private Process start(Path launcher, String... arguments) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(launcher.toString());
        builder.command().addAll(List.of(arguments));
        builder.directory(folder.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    /// Output is short enough for the pipes' buffers, so it may be read after the end.
    private static Run finished(Process process) throws Exception {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the launcher does not end");
        }
        List<String> said = process.inputReader().lines().toList();
        String errors = String.join("\n", process.errorReader().lines().toList());
        return new Run(process.exitValue(), said, errors);
    }

    private Path chosenJdk() throws Exception {
        Run run = launch("--print-java-home");
        assertEquals(0, run.status(), run.errors());
        return Path.of(run.said().getFirst());
    }

    /// A folder that looks like a JDK from outside.
    private Path jdk(String name, String version) throws IOException {
        Path home = jdks.resolve(name);
        script(home.resolve("bin/java"), PRINTS_ITS_PROCESS_AND_ARGUMENTS);
        script(home.resolve("bin/javac"), "#!/bin/sh\n");
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"%s\"\n".formatted(version));
        return home;
    }

    private Path jar() {
        return tree.resolve("server/target/moonglass.jar");
    }

    private List<String> builds() throws IOException {
        return Files.readAllLines(tree.resolve("builds"));
    }

    private static void script(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void write(Path file, Instant time) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "");
        Files.setLastModifiedTime(file, FileTime.from(time));
    }

    private static void awaitFile(Path file) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!Files.exists(file)) {
            assertTrue(System.nanoTime() < deadline, file + " does not appear");
            Thread.sleep(10);
        }
    }

    private static Path find(String tool) {
        return List.of("/bin", "/usr/bin").stream()
                .map(bin -> Path.of(bin, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + tool + " in /bin or /usr/bin"));
    }

    /// Surefire runs tests in the module's folder.
    private static Path repository() {
        return Path.of("").toAbsolutePath().getParent();
    }

    private static void assertContains(String text, String part) {
        assertTrue(text.contains(part), () -> "want \"" + part + "\" in: " + text);
    }
}
