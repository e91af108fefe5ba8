package io.moonglass.server.conformance;

import io.moonglass.loader.digest.Sha256;
import io.moonglass.server.http.ApiKeys;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.OperationsOptions;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.http.TestCertificate;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The playground as people use it: in a browser, against the server with the demo model. The browser is Debian's
/// Chromium, or what `MOONGLASS_CHROMIUM` names.
class PlaygroundBrowserTest {

    private static final String KEY = "a key of the playground";
    private static final String LIMITED_KEY = "a key that may ask once a minute";

    /// Beyond what a loaded machine takes.
    private static final long SUITE_SECONDS = 1200;

    /// `-Dscreenshots=FOLDER` has the pictures of the documentation made anew.
    private static final Path SCREENSHOTS =
            Path.of(System.getProperty("screenshots", "target/screenshots")).toAbsolutePath();

    @TempDir private Path folder;

    private NodeSuites suites;
    private String browser;

    @BeforeEach
    void install() throws Exception {
        browser = browser();
        suites = NodeSuites.install();
        Files.createDirectories(SCREENSHOTS);
    }

    @Test
    void people_can_use_it() throws Exception {
        MovingSquares.needFfmpeg();
        PrintedPages pages =
                PrintedPages.make(folder.resolve("pages.pdf"), PrintedPages.Layout.SHORT, 2, 0);
        Path clip = MovingSquares.H264.in(folder);

        try (DemoServer server = DemoServer.start(folder.resolve("state"))) {
            suites.pass(
                    "playground",
                    SUITE_SECONDS,
                    environment(
                            server,
                            Map.of(
                                    "MOONGLASS_CLIP", clip.toString(),
                                    "MOONGLASS_PDF", pages.file().toString(),
                                    "MOONGLASS_PDF_TEXT", pages.texts().getFirst())));
        }
    }

    @Test
    void it_works_with_every_server() throws Exception {
        try (DemoServer server = DemoServer.start(folder.resolve("state"));
                MoonglassServer guarded = server.besides(guarded());
                RestartedServer restarted = RestartedServer.start()) {
            suites.pass(
                    "playground-servers",
                    SUITE_SECONDS,
                    environment(
                            server,
                            Map.of(
                                    "MOONGLASS_GUARDED_ADDRESS",
                                    "https://127.0.0.1:" + guarded.port(),
                                    "MOONGLASS_KEY",
                                    KEY,
                                    "MOONGLASS_LIMITED_KEY",
                                    LIMITED_KEY,
                                    "MOONGLASS_RESTARTED_ADDRESS",
                                    restarted.address(),
                                    "MOONGLASS_RESTART",
                                    restarted.control(),
                                    "MOONGLASS_BEGINNING",
                                    RestartedServer.BEGINNING,
                                    "MOONGLASS_ANSWER",
                                    RestartedServer.ANSWER)));
        }
    }

    @Test
    void what_it_shows_of_a_request_can_be_run() throws Exception {
        Optional<Path> python = PythonPackages.install();
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        try (DemoServer server = DemoServer.start(folder.resolve("state"))) {
            suites.pass(
                    "playground-snippets",
                    SUITE_SECONDS,
                    environment(
                            server,
                            Map.of(
                                    "MOONGLASS_JAVA",
                                    java.toString(),
                                    "MOONGLASS_CLASS_PATH",
                                    System.getProperty("java.class.path"),
                                    "MOONGLASS_PYTHON",
                                    python.map(Path::toString).orElse(""))));
        }
    }

    private Map<String, String> environment(DemoServer server, Map<String, String> more) {
        Map<String, String> environment = new HashMap<>(more);
        environment.put("MOONGLASS_ADDRESS", server.ownAddress());
        environment.put("MOONGLASS_PICTURES", DemoServer.PICTURES.toString());
        environment.put("MOONGLASS_CHROMIUM", browser);
        environment.put("MOONGLASS_SCREENSHOTS", SCREENSHOTS.toString());
        return environment;
    }

    /// Speaks TLS, wants a key, and tells its figures on a port of their own.
    private ServerOptions guarded() throws Exception {
        Path keys = folder.resolve("keys");
        Files.writeString(
                keys,
                "people %s\nlimited %s requests-per-minute=1\n"
                        .formatted(hash(KEY), hash(LIMITED_KEY)));
        return ServerOptions.DEFAULT
                .withPort(0)
                .withDrainTimeout(Duration.ZERO)
                .withApiKeys(ApiKeys.read(keys))
                .withTls(TestCertificate.make(folder, "server", "EC", 30).install(folder))
                .withOperations(OperationsOptions.onPort(0, folder.resolve("heap-dumps")));
    }

    private static String hash(String key) {
        return HexFormat.of()
                .formatHex(Sha256.start().digest(key.getBytes(StandardCharsets.UTF_8)));
    }

    private static String browser() {
        List<String> places =
                Stream.of(System.getenv("MOONGLASS_CHROMIUM"), "/usr/bin/chromium")
                        .filter(place -> place != null && Files.isExecutable(Path.of(place)))
                        .toList();
        Machine.need(
                !places.isEmpty(),
                "there is no Chromium here; the playground is not tried in a browser");
        return places.getFirst();
    }
}
