package io.moonglass.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.marcnuri.helm.Helm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// The chart, rendered by Helm as an installation would. Helm leaves the pods of tests out of what it renders, so this
/// is a copy of the chart in which they are ordinary pods.
final class Chart {

    static final Path FOLDER = Path.of("moonglass").toAbsolutePath();

    /// What people install the demo model with.
    static final Path DEMO = FOLDER.resolve("values-demo.yaml");

    static final String OLDEST_KUBERNETES = "v1.30.0";
    static final String NEWEST_KUBERNETES = "v1.36.0";
    static final YAMLMapper YAML = new YAMLMapper();

    private static final Chart WITH_TESTS = copyWithTests();

    private final Path folder;

    /// What was rendered before; nobody changes it.
    private final Map<List<String>, Rendering> rendered = new ConcurrentHashMap<>();

    private Chart(Path folder) {
        this.folder = folder;
    }

    static Chart withTests() {
        return WITH_TESTS;
    }

    /// The values files that stand for what people install.
    static List<Path> examples() {
        try (Stream<Path> files = Files.list(FOLDER.resolve("ci"))) {
            return Stream.concat(files.sorted(), Stream.of(DEMO)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the chart's examples cannot be listed", e);
        }
    }

    static Path example(String name) {
        return FOLDER.resolve("ci/%s-values.yaml".formatted(name));
    }

    /// The oldest Kubernetes that an example is for, which its first line may say.
    static String oldestKubernetes(Path example) {
        try (Stream<String> lines = Files.lines(example)) {
            String first = lines.findFirst().orElse("");
            return first.startsWith("# kube: ")
                    ? "v%s.0".formatted(first.substring("# kube: ".length()).strip())
                    : OLDEST_KUBERNETES;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Rendering render(Path values) {
        return render(values, "release", NEWEST_KUBERNETES);
    }

    /// @throws IllegalStateException with Helm's words if it refuses the values
    Rendering render(Path values, String release, String kubernetes) {
        return rendered.computeIfAbsent(
                List.of(values.toString(), release, kubernetes),
                _ -> {
                    String text =
                            new Helm(folder)
                                    .template()
                                    .withName(release)
                                    .withNamespace("inference")
                                    .withKubeVersion(kubernetes)
                                    .withValuesFile(values)
                                    .call();
                    return new Rendering(manifests(text));
                });
    }

    /// The same with values as text; they stand beside those of the example `default`.
    Rendering renderText(String values) throws IOException {
        Path file = Files.createTempFile("moonglass-values", ".yaml");
        try {
            JsonNode merged = YAML.readTree(Files.readString(example("default")));
            JsonNode ours = YAML.readTree(values);
            Files.writeString(
                    file,
                    YAML.writeValueAsString(
                            ours.isObject()
                                    ? YAML.readerForUpdating(merged).readValue(ours)
                                    : merged));
            return render(file);
        } finally {
            Files.delete(file);
        }
    }

    private static List<JsonNode> manifests(String text) {
        List<JsonNode> all = new ArrayList<>();
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(text)) {
            while (documents.hasNext()) {
                JsonNode document = documents.next();
                if (document.isObject()) {
                    all.add(document);
                }
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException("Helm rendered no YAML: " + text, e);
        }
    }

    private static Chart copyWithTests() {
        try {
            Path copy =
                    Files.createTempDirectory(
                            Files.createDirectories(Path.of("target")), "chart-with-tests");
            try (Stream<Path> files = Files.walk(FOLDER)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    Path target = copy.resolve(FOLDER.relativize(file));
                    Files.createDirectories(target.getParent());
                    List<String> lines =
                            file.toString().endsWith(".json")
                                    ? List.of(Files.readString(file))
                                    : Files.readAllLines(file).stream()
                                            .filter(line -> !line.contains("helm.sh/hook"))
                                            .toList();
                    Files.write(target, lines);
                }
            }
            return new Chart(copy);
        } catch (IOException e) {
            throw new UncheckedIOException("the chart cannot be copied", e);
        }
    }
}
