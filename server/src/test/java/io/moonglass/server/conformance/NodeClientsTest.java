package io.moonglass.server.conformance;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The clients for JavaScript.
class NodeClientsTest {

    private static final long SUITE_SECONDS = 120;

    private static NodeSuites suites;
    private static DemoServer server;

    @BeforeAll
    static void install(@TempDir Path folder) throws Exception {
        suites = NodeSuites.install();
        server = DemoServer.start(folder);
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai", "anthropic", "ai-sdk", "openapi"})
    void its_suite_passes(String client) throws Exception {
        suites.pass(
                client,
                SUITE_SECONDS,
                Map.of(
                        "MOONGLASS_ADDRESS", server.address(),
                        "MOONGLASS_PICTURES", DemoServer.PICTURES.toString()));

        server.proxy().assertAllConforms();
    }
}
