package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a server that runs as a process writes to standard error.
class ProcessLogTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path folder;

    @Test
    void as_json_every_line_is_an_object_from_the_start_to_the_end() throws Exception {
        try (ServerProcess process =
                        new ServerProcess(folder, "--log-format", "json", "--log-level", "debug");
                DemoClient client = new DemoClient(process.address())) {
            ObjectNode question = JSON.createObjectNode().put("max_tokens", 3);
            question.putArray("messages").addObject().put("role", "user").put("content", "hi");
            client.post("/v1/chat/completions", question);
            client.metric("moonglass_spans_dropped_total");
        }

        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve("server.log"))) {
            if (!line.startsWith("WARNING: ")) { // the JVM's own
                lines.add(JSON.readTree(line));
            }
        }
        assertTrue(lines.size() > 3, lines::toString);
        assertEquals("INFO", levelOf("/v1/chat/completions", lines));
        assertEquals("DEBUG", levelOf("/metrics", lines));
    }

    private static String levelOf(String path, List<JsonNode> lines) {
        List<JsonNode> found =
                lines.stream().filter(line -> line.path("path").asText().equals(path)).toList();
        assertEquals(1, found.size(), lines::toString);
        return found.getFirst().get("level").textValue();
    }
}
