package io.moonglass.runtime.inprocess;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The page about a model in one's own process shows code that does what the page says.
@Timeout(120)
class InProcessGuideTest {

    private static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();
    private static final Path PAGE = REPOSITORY.resolve("docs/in-process.md");
    private static final Path EXAMPLES =
            Path.of("src/test/java/io/moonglass/runtime/inprocess/InProcessExamples.java");

    private static final Pattern JAVA = Pattern.compile("(?ms)^```java\\n(.*?)^```$");

    @TempDir private Path cache;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @Test
    void every_block_of_the_page_is_code_that_runs_here() throws IOException {
        String code = withoutIndentation(Files.readString(EXAMPLES));
        List<MatchResult> blocks = JAVA.matcher(Files.readString(PAGE)).results().toList();

        assertEquals(8, blocks.size());
        for (MatchResult block : blocks) {
            assertTrue(
                    code.contains(withoutIndentation(block.group(1))),
                    () -> "another code runs in the test than this:\n" + block.group(1));
        }
    }

    private static String withoutIndentation(String code) {
        return code.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .collect(Collectors.joining("\n", "\n", "\n"));
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
