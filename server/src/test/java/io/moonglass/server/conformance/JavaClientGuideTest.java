package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.loader.PageCode;
import io.moonglass.server.conformance.PrintedPages.Layout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The page about the Java client shows code that does what the page says.
@Timeout(300)
class JavaClientGuideTest {

    private static final Path EXAMPLES =
            Path.of("src/test/java/io/moonglass/server/conformance/JavaClientExamples.java");

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @Test
    void every_block_of_the_page_is_code_that_runs_here() throws IOException {
        PageCode.assertRuns("java-client.md", 16, EXAMPLES);
    }

    @Test
    void the_code_of_the_page_answers_what_the_page_says(@TempDir Path folder) throws Exception {
        Path pdf = PrintedPages.make(folder.resolve("a.pdf"), Layout.SHORT, 2, 0).file();
        JavaClientExamples examples =
                new JavaClientExamples(
                        DemoServer.PICTURES,
                        pdf,
                        new PrintStream(said, true, StandardCharsets.UTF_8));
        try (OneModelServer server = OneModelServer.start(folder)) {
            URI address = server.address();
            MoonglassClient client = examples.build(address, "any");

            examples.ask(address);
            assertSaid("cross");
            examples.chat(client);
            assertSaid("BLACK\n20");
            examples.stream(client);
            assertSaid("A purple square, a red square, a blue star and an orange diamond.");
            examples.later(client);
            assertSaid("Hello! Show me a picture and ask about it.");
            examples.publish(client);
            assertSaid("Hello! Show me a picture and ask about it.");
            examples.structured(client);
            assertSaid("Picture[count=2, background=grey]");
            examples.vqa(client);
            assertSaid("Voge");
            examples.files(client);
            assertSaid("cross");
            examples.tokens(client);
            assertSaid("52 of 4096\ntrue");
            examples.faults(
                    client, ChatCompletionRequest.builder().user("Hi").temperature(9).build());
            assertSaid("invalid_value at temperature: temperature is 9; want a number from 0 to 2");
            examples.cancel(client);
            assertSaid("");

            examples.converse(client);
            assertEquals("top right", said().lines().findFirst().orElseThrow());
            said.reset();
            examples.tools(client);
            assertEquals("383 minutes", said().lines().findFirst().orElseThrow());
            said.reset();
            examples.ocr(client);
            assertTrue(said().endsWith("page 1\npage 2\n"), said());
            server.proxy().assertAllConforms();
        }
    }

    private void assertSaid(String wanted) {
        assertEquals(wanted, said().strip());
        said.reset();
    }

    private String said() {
        return said.toString(StandardCharsets.UTF_8);
    }
}
