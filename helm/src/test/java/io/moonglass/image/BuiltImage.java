package io.moonglass.image;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The image with the demo model, built once for all tests by `helm/image/build`, as the README's reader would.
final class BuiltImage {

    static final String TAG = "moonglass:test";

    private static final List<String> TOOLS =
            List.of(
                    "mmdebstrap",
                    "buildah",
                    "skopeo",
                    "podman",
                    "crun",
                    "conmon",
                    "unshare",
                    "tar");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static BuiltImage built;

    private final Path archive;
    private final Duration time;
    private Path root;
    private boolean loaded;

    private BuiltImage(Path archive, Duration time) {
        this.archive = archive;
        this.time = time;
    }

    /// Builds it, or ends the test: as failed where `CI` is true, as skipped on a machine that lacks what it takes.
    static synchronized BuiltImage get() throws IOException, InterruptedException {
        checkMachine();
        if (built == null) {
            delete(folder()); // of a run that was killed
            // archives and the engine's storage are a gigabyte
            Runtime.getRuntime().addShutdownHook(new Thread(BuiltImage::deleteAll));
            built = build(folder().resolve("moonglass.tar"));
        }
        return built;
    }

    /// Once more, of the same files.
    static BuiltImage again() throws IOException, InterruptedException {
        return build(folder().resolve("again.tar"));
    }

    static Path folder() throws IOException {
        return Files.createDirectories(Path.of("target", "image-test").toAbsolutePath());
    }

    private static BuiltImage build(Path archive) throws IOException, InterruptedException {
        Path script = Path.of("image", "build").toAbsolutePath();
        long start = System.nanoTime();
        Program.run(
                        folder().resolve("build.log"),
                        Map.of(
                                "JAVA_HOME",
                                System.getProperty("java.home"),
                                "CONTAINERS_STORAGE_CONF",
                                ContainerEngine.storage().toString()),
                        List.of(
                                script.toString(),
                                "--demo-model",
                                "--tag",
                                TAG,
                                "--output",
                                archive.toString()))
                .succeeded();
        return new BuiltImage(archive, Duration.ofNanos(System.nanoTime() - start));
    }

    private static void checkMachine() {
        List<String> missing = new ArrayList<>();
        if (!System.getProperty("os.name").equals("Linux")) {
            missing.add("Linux");
        } else {
            TOOLS.stream().filter(tool -> !Program.isInstalled(tool)).forEach(missing::add);
            if (!System.getProperty("user.name").equals("root")) {
                missing.add("root");
            }
        }
        if (missing.isEmpty()) {
            return;
        }
        String message = "the image is not tested: that takes " + String.join(", ", missing);
        if ("true".equals(System.getenv("CI"))) {
            fail(message);
        }
        abort(message);
    }

    Path archive() {
        return archive;
    }

    /// Puts it where containers are started from, in place of one of an earlier run.
    synchronized void load() throws IOException, InterruptedException {
        if (!loaded) {
            ContainerEngine.podman("rmi", "--force", "localhost/" + TAG);
            ContainerEngine.podman("load", "--quiet", "--input", archive.toString()).succeeded();
            loaded = true;
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private static void deleteAll() {
        try {
            delete(folder());
        } catch (IOException e) {
            System.err.println("image: not all files of the tests are deleted: " + e);
        }
    }

    Duration buildTime() {
        return time;
    }

    /// The digest of its manifest.
    String digest() throws IOException, InterruptedException {
        JsonNode index = JSON.readTree(unpacked().resolve("index.json").toFile());
        return index.path("manifests").path(0).path("digest").asText();
    }

    /// `config` of its configuration.
    JsonNode config() throws IOException, InterruptedException {
        return blob(manifest().path("config")).path("config");
    }

    JsonNode manifest() throws IOException, InterruptedException {
        JsonNode index = JSON.readTree(unpacked().resolve("index.json").toFile());
        return blob(index.path("manifests").path(0));
    }

    private JsonNode blob(JsonNode descriptor) throws IOException, InterruptedException {
        return JSON.readTree(blobFile(descriptor).toFile());
    }

    private Path blobFile(JsonNode descriptor) throws IOException, InterruptedException {
        return unpacked()
                .resolve("blobs")
                .resolve(descriptor.path("digest").asText().replace(':', '/'));
    }

    private Path unpacked() throws IOException, InterruptedException {
        Path folder = folder().resolve(archive.getFileName() + ".d");
        if (!Files.isDirectory(folder.resolve("blobs"))) {
            unpack(archive, folder);
        }
        return folder;
    }

    /// All its layers, one over the other.
    synchronized Path root() throws IOException, InterruptedException {
        if (root == null) {
            Path folder = folder().resolve(archive.getFileName() + ".root");
            Files.createDirectories(folder);
            for (JsonNode layer : manifest().path("layers")) {
                unpack(blobFile(layer), folder);
            }
            root = folder;
        }
        return root;
    }

    private static void unpack(Path archive, Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Program.run(
                        folder().resolve("tar.log"),
                        Map.of(),
                        List.of("tar", "-xf", archive.toString(), "-C", folder.toString()))
                .succeeded();
    }
}
