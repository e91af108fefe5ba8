package io.moonglass.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What is in the image, read from its archive; nothing is started.
class ImageContentsTest {

    private static final long MOST_BYTES = 350_000_000;

    /// Names of programs that would run others, or fetch them.
    private static final Set<String> SHELLS =
            Set.of(
                    "sh", "bash", "dash", "ash", "zsh", "busybox", "toybox", "awk", "mawk", "perl",
                    "python3", "apt", "apt-get", "dpkg", "curl", "wget", "su", "sudo");

    /// Asked for by libraries for what is not used of them: the debugger's door of a library that changes classes.
    private static final Set<String> UNUSED_MODULES = Set.of("jdk.jdi");

    private static final String DOCUMENTS = "usr/share/doc/moonglass";

    private static BuiltImage image;
    private static Path root;

    @BeforeAll
    static void build() throws IOException, InterruptedException {
        image = BuiltImage.get();
        root = image.root();
        System.out.printf(
                "image: built in %.1f s, %.0f MB with the demo model, its archive %.0f MB%n",
                image.buildTime().toMillis() / 1e3,
                bytes(root) / 1e6,
                Files.size(image.archive()) / 1e6);
    }

    @Test
    void without_weights_it_is_at_most_350_MB() throws IOException {
        long weights = bytes(root.resolve("models"));
        assertTrue(weights > 0);
        long size = bytes(root) - weights;
        assertTrue(size <= MOST_BYTES, size + " bytes");
    }

    @Test
    void it_runs_as_a_user_without_a_name_elsewhere() throws Exception {
        JsonNode config = image.config();
        assertEquals("10001:10001", config.path("User").asText());
        assertEquals(List.of("/cache", "/state", "/tmp"), names(config.path("Volumes")));
        assertEquals(List.of("8080/tcp", "9090/tcp"), ports(config));
        assertEquals("serve", config.path("Cmd").path(0).asText());
        Map<String, String> environment =
                StreamSupport.stream(config.path("Env").spliterator(), false)
                        .map(variable -> variable.asText().split("=", 2))
                        .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
        assertEquals("0.0.0.0", environment.get("MOONGLASS_SERVER_HOST"));
        assertEquals("9090", environment.get("MOONGLASS_OPERATIONS_PORT"));
        assertEquals("/cache", environment.get("MOONGLASS_CACHE"));
        assertEquals("/state", environment.get("MOONGLASS_STATE"));
    }

    @Test
    void docker_starts_it_in_the_same_way() throws Exception {
        String recipe = Files.readString(Path.of("image", "Dockerfile"));
        JsonNode config = image.config();
        String entryPoint = recipe.replaceFirst("(?s).*\nENTRYPOINT ([^\n]*).*", "$1");
        assertEquals(config.path("Entrypoint"), new ObjectMapper().readTree(entryPoint));
        for (JsonNode variable : config.path("Env")) {
            assertTrue(recipe.contains(variable.asText()), variable.asText());
        }
        assertTrue(recipe.contains("USER " + config.path("User").asText()));
    }

    @Test
    void it_holds_no_shell_and_nothing_that_installs_or_fetches() throws IOException {
        List<String> found =
                paths(root)
                        .filter(path -> SHELLS.contains(path.getFileName().toString()))
                        .filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                        .map(Path::toString)
                        .toList();
        assertEquals(List.of(), found);
    }

    @Test
    void its_only_programs_are_javas() throws IOException {
        List<String> programs =
                paths(root)
                        .filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                        .filter(Files::isExecutable)
                        .map(path -> root.relativize(path).toString())
                        .filter(path -> !path.matches(".*\\.so(\\.[0-9.]+)?"))
                        .sorted()
                        .toList();
        assertEquals(
                List.of(
                        "opt/moonglass/runtime/bin/java",
                        "opt/moonglass/runtime/bin/jcmd",
                        "opt/moonglass/runtime/bin/jfr",
                        "opt/moonglass/runtime/lib/jexec",
                        "opt/moonglass/runtime/lib/jspawnhelper"),
                programs);
    }

    @Test
    void no_jar_has_to_unpack_a_native_library() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> jars = Files.list(root.resolve("opt/moonglass/lib"))) {
            for (Path jar : jars.toList()) {
                try (var zip = new ZipFile(jar.toFile())) {
                    zip.stream()
                            .map(ZipEntry::getName)
                            .filter(name -> name.matches(".*\\.(so(\\.[0-9.]+)?|dll|dylib)"))
                            .forEach(names::add);
                }
            }
        }
        assertEquals(List.of(), names);
        assertTrue(Files.exists(root.resolve("opt/moonglass/native/libmoonglass.so")));
    }

    @Test
    void the_same_files_make_the_same_image() throws Exception {
        assertEquals(image.digest(), BuiltImage.again().digest());
    }

    @Test
    void the_bill_of_materials_names_every_jar_every_package_and_the_runtime() throws Exception {
        JsonNode bill =
                new ObjectMapper().readTree(root.resolve(DOCUMENTS + "/sbom.cdx.json").toFile());
        assertEquals("CycloneDX", bill.path("bomFormat").asText());
        Set<String> named = new TreeSet<>();
        for (JsonNode component : bill.path("components")) {
            named.add(component.path("name").asText() + "-" + component.path("version").asText());
            if (!component.path("group").asText().equals("io.moonglass")) {
                assertTrue(component.path("licenses").size() > 0, component.toString());
            }
        }
        List<String> missing = new ArrayList<>();
        try (Stream<Path> jars = Files.list(root.resolve("opt/moonglass/lib"))) {
            jars.map(jar -> jar.getFileName().toString().replaceFirst("\\.jar$", ""))
                    .filter(jar -> !jar.equals("moonglass") && !named.contains(jar))
                    .forEach(missing::add);
        }
        assertEquals(List.of(), missing);
        try (Stream<Path> controls = Files.list(root.resolve("var/lib/dpkg/status.d"))) {
            for (Path control : controls.toList()) {
                String name = control.getFileName().toString();
                assertTrue(named.stream().anyMatch(c -> c.startsWith(name + "-")), name);
                assertTrue(Files.exists(root.resolve("usr/share/doc/" + name)), name);
            }
        }
        assertTrue(named.stream().anyMatch(c -> c.startsWith("OpenJDK-25")), named.toString());
    }

    @Test
    void licences_and_notices_are_inside() {
        for (String file :
                List.of(
                        DOCUMENTS + "/LICENSE",
                        DOCUMENTS + "/NOTICE",
                        "usr/share/doc/libc6/copyright",
                        "usr/share/doc/fonts-liberation/copyright",
                        "opt/moonglass/runtime/legal/java.base/LICENSE")) {
            assertTrue(Files.exists(root.resolve(file)), file);
        }
    }

    @Test
    void the_runtime_has_every_module_that_the_jars_ask_for() throws Exception {
        Path jdk = Path.of(System.getProperty("java.home"), "bin", "jdeps");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                jdk.toString(),
                                "--multi-release",
                                "25",
                                "--ignore-missing-deps",
                                "--print-module-deps",
                                "--class-path",
                                root.resolve("opt/moonglass/lib") + "/*"));
        try (Stream<Path> jars = Files.list(root.resolve("opt/moonglass/lib"))) {
            jars.map(Path::toString).sorted().forEach(command::add);
        }
        String asked =
                Program.run(BuiltImage.folder().resolve("jdeps.log"), Map.of(), command)
                        .succeeded()
                        .lines()
                        .reduce((first, last) -> last)
                        .orElseThrow();
        String release = Files.readString(root.resolve("opt/moonglass/runtime/release"));
        Set<String> there =
                Set.of(release.replaceFirst("(?s).*MODULES=\"([^\"]*)\".*", "$1").split(" "));
        List<String> missing =
                Stream.of(asked.split(","))
                        .filter(module -> !there.contains(module))
                        .filter(module -> !UNUSED_MODULES.contains(module))
                        .toList();
        assertEquals(List.of(), missing);
    }

    private static long bytes(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                    .mapToLong(path -> path.toFile().length())
                    .sum();
        }
    }

    private static Stream<Path> paths(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.toList().stream();
        }
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        names.sort(null);
        return names;
    }

    /// buildah leaves the protocol out, which means TCP.
    private static List<String> ports(JsonNode config) {
        return names(config.path("ExposedPorts")).stream()
                .map(port -> port.contains("/") ? port : port + "/tcp")
                .toList();
    }
}
