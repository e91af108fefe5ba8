package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.moonglass.loader.digest.Sha256;
import io.moonglass.server.http.ApiKeys;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.OperationsOptions;
import io.moonglass.server.http.ServerOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The playground as people use it: in a browser, against the server with the demo model. The browser is Debian's
/// Chromium, or what `MOONGLASS_CHROMIUM` names.
class PlaygroundBrowserTest {

    private static final String KEY = "a key of the playground";
    private static final long SUITE_SECONDS = 300;

    /// `-Dscreenshots=FOLDER` has the pictures of the documentation made anew.
    private static final Path SCREENSHOTS =
            Path.of(System.getProperty("screenshots", "target/screenshots")).toAbsolutePath();

    @TempDir private Path folder;

    @Test
    void people_can_use_it() throws Exception {
        String browser = browser();
        MovingSquares.needFfmpeg();
        NodeSuites suites = NodeSuites.install();
        Files.createDirectories(SCREENSHOTS);
        PrintedPages pages =
                PrintedPages.make(folder.resolve("pages.pdf"), PrintedPages.Layout.SHORT, 2, 0);
        Path clip = MovingSquares.H264.in(folder);

        try (DemoServer server = DemoServer.start(folder.resolve("state"));
                MoonglassServer guarded = MoonglassServer.start(guarded())) {
            suites.pass(
                    "playground",
                    SUITE_SECONDS,
                    Map.of(
                            "MOONGLASS_ADDRESS", server.ownAddress(),
                            "MOONGLASS_GUARDED_ADDRESS", "http://127.0.0.1:" + guarded.port(),
                            "MOONGLASS_KEY", KEY,
                            "MOONGLASS_PICTURES", DemoServer.PICTURES.toString(),
                            "MOONGLASS_CLIP", clip.toString(),
                            "MOONGLASS_PDF", pages.file().toString(),
                            "MOONGLASS_PDF_TEXT", pages.texts().getFirst(),
                            "MOONGLASS_CHROMIUM", browser,
                            "MOONGLASS_SCREENSHOTS", SCREENSHOTS.toString()));
        }
    }

    /// Wants a key, and tells its figures on a port of their own. It has no model: nobody gets as far.
    private ServerOptions guarded() throws Exception {
        byte[] hash = Sha256.start().digest(KEY.getBytes(StandardCharsets.UTF_8));
        Path keys = folder.resolve("keys");
        Files.writeString(keys, "people %s\n".formatted(HexFormat.of().formatHex(hash)));
        return ServerOptions.DEFAULT
                .withPort(0)
                .withDrainTimeout(Duration.ZERO)
                .withApiKeys(ApiKeys.read(keys))
                .withOperations(OperationsOptions.onPort(0, folder.resolve("heap-dumps")));
    }

    private static String browser() {
        List<String> places =
                Stream.of(System.getenv("MOONGLASS_CHROMIUM"), "/usr/bin/chromium")
                        .filter(place -> place != null && Files.isExecutable(Path.of(place)))
                        .toList();
        assumeTrue(
                !places.isEmpty() || "true".equals(System.getenv("CI")),
                "there is no Chromium here; the playground is not tried in a browser");
        return places.isEmpty() ? "/usr/bin/chromium" : places.getFirst();
    }
}
