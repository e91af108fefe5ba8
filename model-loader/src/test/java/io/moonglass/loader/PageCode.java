package io.moonglass.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The Java that a page of the documentation shows.
public final class PageCode {

    private static final Pattern JAVA = Pattern.compile("(?ms)^```java\\n(.*?)^```$");

    private PageCode() {}

    /// Every block of the page stands in the source file, however it is indented there.
    ///
    /// @param page in the folder of documents
    public static void assertRuns(String page, int numBlocks, Path source) throws IOException {
        Path document = Path.of("").toAbsolutePath().getParent().resolve("docs").resolve(page);
        String code = withoutIndentation(Files.readString(source));
        List<MatchResult> blocks = JAVA.matcher(Files.readString(document)).results().toList();

        assertEquals(numBlocks, blocks.size());
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
}
