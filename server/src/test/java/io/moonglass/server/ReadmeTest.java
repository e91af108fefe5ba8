package io.moonglass.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What the README says to type does what the README says.
class ReadmeTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();

    /// A block of shell, and the answer that is promised after it.
    private static final Pattern SHELL_BLOCK =
            Pattern.compile("(?ms)^```sh\\n(.*?)^```$(?:\\n\\nThe answer is `([^`]*)`)?");

    private static final String ADDRESS = "127.0.0.1:8080";

    @Test
    void every_curl_line_gets_the_answer_it_promises() throws Exception {
        assumeTrue(isInstalled("curl"), "curl is not installed, and the README's lines need it");
        List<MatchResult> blocks = curlBlocks();
        Path demoModel = REPOSITORY.resolve("model-loader/demo-model/moonglass-demo");
        int numStreams = 0;
        try (ChatModel model = LocalChatModel.load(demoModel, ChatModelOptions.DEFAULT);
                MoonglassServer server =
                        MoonglassServer.start(model, ServerOptions.DEFAULT.withPort(0))) {
            for (MatchResult found : blocks) {
                String block = found.group(1);
                String output = run(block.replace(ADDRESS, "127.0.0.1:" + server.port()));
                if (block.contains("\"stream\": true")) {
                    numStreams++;
                    assertTrue(output.startsWith("data: {"), output);
                    assertTrue(output.endsWith("data: [DONE]\n\n"), output);
                } else {
                    JsonNode answer = JSON.readTree(output);
                    JsonNode text =
                            answer.has("answer")
                                    ? answer.get("answer")
                                    : answer.at("/choices/0/message/content");
                    assertEquals(found.group(2), text.textValue(), output);
                    assertEquals(
                            block.contains("image"),
                            answer.at("/usage/prompt_tokens_details/image_tokens").intValue() > 0,
                            output);
                }
            }
        }
        assertEquals(4, blocks.size(), "two about a picture, one of text, one as a stream");
        assertEquals(1, numStreams);
    }

    private static List<MatchResult> curlBlocks() throws IOException {
        String readme = Files.readString(REPOSITORY.resolve("README.md"));
        return SHELL_BLOCK
                .matcher(readme)
                .results()
                .filter(block -> block.group(1).contains("curl "))
                .toList();
    }

    /// What a shell in the repository's root prints; it must succeed and say nothing of faults.
    private static String run(String script) throws IOException, InterruptedException {
        assertTrue(!script.contains(ADDRESS), "another server's address is left in " + script);
        Path errors = Files.createTempFile("readme", ".err");
        try {
            ProcessBuilder shell =
                    new ProcessBuilder("/bin/sh", "-c", script)
                            .directory(REPOSITORY.toFile())
                            .redirectError(errors.toFile());
            shell.environment().keySet().removeIf(name -> name.endsWith("_proxy"));
            Process process = shell.start();
            process.getOutputStream().close();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), script + output + Files.readString(errors));
            assertEquals("", Files.readString(errors), script);
            return output;
        } finally {
            Files.delete(errors);
        }
    }

    private static boolean isInstalled(String tool) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }
}
