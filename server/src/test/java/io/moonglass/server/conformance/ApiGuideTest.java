package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// docs/api.md has an example of every route, and each of them works.
class ApiGuideTest {

    private static final String PAGE =
            ProgramTexts.text(ProgramTexts.REPOSITORY.resolve("docs/api.md"));
    private static final String ADDRESS = "http://127.0.0.1:8080";
    private static final Pattern SHELL_BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");

    /// A command up to the end of its line, which may be continued on the next.
    private static final Pattern CURL = Pattern.compile("curl (?:[^\\n]*\\\\\\n)*[^\\n]*");

    private static final Pattern METHOD = Pattern.compile("-X ([A-Z]+)");
    private static final Pattern PATH = Pattern.compile(Pattern.quote(ADDRESS) + "(/[^\\s'\"?]*)");

    /// Files of the page that another example asks for.
    private static final Set<String> WITHOUT_EXAMPLE = Set.of("GET /playground/{id}");

    /// An answer that is a fault ends the script, as it ends a pipe.
    private static final String PRELUDE =
            """
            set -e -o pipefail
            curl() { command curl --fail-with-body --max-time 600 "$@"; }
            """;

    @Test
    void every_route_has_an_example() throws IOException {
        Set<String> shown = new TreeSet<>(WITHOUT_EXAMPLE);
        for (MatchResult command : CURL.matcher(script()).results().toList()) {
            shown.add(method(command.group()) + " " + path(command.group()));
        }
        Set<String> missing = new TreeSet<>();
        for (String route : routes()) {
            if (shown.stream().noneMatch(example -> isOf(example, route))) {
                missing.add(route);
            }
        }

        assertEquals(Set.of(), missing);
    }

    private static String method(String command) {
        return METHOD.matcher(command)
                .results()
                .map(found -> found.group(1))
                .findFirst()
                .orElse(command.contains(" -d ") || command.contains(" -F ") ? "POST" : "GET");
    }

    private static String path(String command) {
        return PATH.matcher(command)
                .results()
                .map(found -> found.group(1))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no address in " + command));
    }

    /// A name in braces stands for what no route has as a word of its own.
    private static boolean isOf(String example, String route) {
        return example.equals(route)
                || route.contains("{")
                        && example.matches(
                                route.replaceAll(
                                        "\\{\\w+}", "(\\\\\\$\\\\w+|[\\\\w-]*-[\\\\w-]+)"));
    }

    private static Set<String> routes() throws IOException {
        try (InputStream document =
                ApiGuideTest.class.getResourceAsStream("/io/moonglass/server/http/openapi.json")) {
            Set<String> routes = new TreeSet<>();
            for (Map.Entry<String, JsonNode> path :
                    new ObjectMapper().readTree(document).get("paths").properties()) {
                path.getValue()
                        .fieldNames()
                        .forEachRemaining(method ->
                                routes.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey()));
            }
            return routes;
        }
    }

    @Test
    void every_example_works(@TempDir Path folder) throws Exception {
        Machine.need(
                Machine.has("curl") && Machine.has("bash"),
                "curl or bash is not installed, and the page's examples need them");
        Path link =
                Files.createSymbolicLink(
                        folder.resolve("model-loader"),
                        ProgramTexts.REPOSITORY.resolve("model-loader"));
        PrintedPages.make(folder.resolve("paper.pdf"), PrintedPages.Layout.SHORT, 3, 0);
        Path said = folder.resolve("said.txt");
        try (DemoServer server = DemoServer.start(folder)) {
            String script = PRELUDE + script().replace(ADDRESS, server.address());
            assertFalse(script.contains("127.0.0.1:8080"), "another server is asked");

            ProcessBuilder shell =
                    new ProcessBuilder("bash", "-x", "-c", script)
                            .directory(folder.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(said.toFile());
            shell.environment().keySet().removeIf(name -> name.endsWith("_proxy"));
            Process process = shell.start();
            process.getOutputStream().close();
            boolean ended = process.waitFor(15, TimeUnit.MINUTES);
            process.destroyForcibly();

            assertTrue(ended, () -> "it goes on and on: " + ProgramTexts.text(said));
            assertEquals(0, process.exitValue(), () -> ProgramTexts.text(said));
            server.proxy().assertAllConforms();
        } finally {
            Files.delete(link); // so that whoever empties the folder meets none
        }
    }

    private static String script() {
        return SHELL_BLOCK
                .matcher(PAGE)
                .results()
                .map(block -> block.group(1))
                .collect(Collectors.joining("\n"));
    }
}
