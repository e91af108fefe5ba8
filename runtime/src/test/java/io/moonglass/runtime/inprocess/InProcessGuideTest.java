package io.moonglass.runtime.inprocess;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.loader.PageCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The page about a model in one's own process shows code that does what the page says.
@Timeout(120)
class InProcessGuideTest {

    private static final Path EXAMPLES =
            Path.of("src/test/java/io/moonglass/runtime/inprocess/InProcessExamples.java");

    @TempDir private Path cache;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @Test
    void every_block_of_the_page_is_code_that_runs_here() throws IOException {
        PageCode.assertRuns("in-process.md", 8, EXAMPLES);
    }

    @Test
    void the_code_of_the_page_answers_what_the_page_says() throws Exception {
        InProcessExamples examples =
                new InProcessExamples(
                        DemoModel.PICTURES, new PrintStream(said, true, StandardCharsets.UTF_8));

        examples.ask(DemoModel.FOLDER);
        assertSaid("cross");
        examples.predict(DemoModel.FOLDER);
        assertSaid("cross");
        try (InProcessModel model = examples.load(DemoModel.FOLDER, cache)) {
            examples.stream(model.client());
            assertSaid("A purple square, a red square, a blue star and an orange diamond.");
            examples.streamPrediction(model);
            assertSaid("A purple square, a red square, a blue star and an orange diamond.");
            examples.count(model);
            assertSaid("[4, 2]");
        }
        // asked in the server's tests, where there is one
        assertEquals(
                "moonglass-demo",
                examples.onServer(URI.create("http://127.0.0.1:1")).getModelName());
    }

    private void assertSaid(String wanted) {
        assertEquals(wanted, said.toString(StandardCharsets.UTF_8).strip());
        said.reset();
    }
}
