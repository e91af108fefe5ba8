package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.jni.HelmLib;
import com.marcnuri.helm.jni.NativeLibrary;
import com.marcnuri.helm.jni.RepoServerOptions;
import com.marcnuri.helm.jni.Result;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The chart as people get it: a package in a registry. The registry is a real one, in this process.
class ChartRegistryTest {

    private static final String USER = "chart";
    private static final String PASSWORD = "of-this-test-alone";

    private static HelmLib library;
    private static String registry;

    @TempDir private Path folder;

    @BeforeAll
    static void start_a_registry() {
        library = NativeLibrary.getInstance().load();
        Result started = library.RepoOciServerStart(new RepoServerOptions("", USER, PASSWORD));
        assertTrue(started.err == null || started.err.isEmpty(), () -> started.err);
        registry = started.out.strip();
    }

    @AfterAll
    static void stop_it() {
        // it listens on all addresses
        library.RepoServerStopAll();
    }

    @Test
    void the_chart_is_pushed_pulled_and_rendered() throws Exception {
        new Helm(Chart.FOLDER).packageIt().withDestination(folder).call();
        Path archive = folder.resolve("moonglass-0.1.0.tgz");
        assertTrue(Files.isRegularFile(archive));
        // a mebibyte is what a cluster keeps of a release, values and templates together
        assertTrue(Files.size(archive) < 256 * 1024, () -> archive.toFile().length() + " bytes");

        Helm.registry()
                .login()
                .withHost(registry)
                .withUsername(USER)
                .withPassword(PASSWORD)
                .plainHttp()
                .call();
        String pushed =
                Helm.push()
                        .withChart(archive)
                        .withRemote(URI.create("oci://%s/charts".formatted(registry)))
                        .plainHttp()
                        .call();
        assertTrue(pushed.contains("Digest: sha256:"), pushed);

        String rendered =
                Helm.template("oci://%s/charts/moonglass".formatted(registry))
                        .plainHttp()
                        .withName("pulled")
                        .withKubeVersion(Chart.NEWEST_KUBERNETES)
                        .withValuesFile(Chart.example("default"))
                        .call();
        String here =
                new Helm(Chart.FOLDER)
                        .template()
                        .withName("pulled")
                        .withKubeVersion(Chart.NEWEST_KUBERNETES)
                        .withValuesFile(Chart.example("default"))
                        .call();
        assertEquals(here, rendered);
    }

    @Test
    void the_package_holds_no_files_of_tests() throws Exception {
        new Helm(Chart.FOLDER).packageIt().withDestination(folder).call();

        Program.Outcome listed =
                Program.orSkip("tar", "everywhere").run(folder, "-tzf", "moonglass-0.1.0.tgz");

        try (Stream<String> lines = listed.output().lines()) {
            assertFalse(lines.anyMatch(line -> line.contains("/ci/")), listed::output);
        }
        assertTrue(listed.output().contains("moonglass/dashboards/serving.json"));
        assertTrue(listed.output().contains("moonglass/files/rules.yaml"));
    }
}
