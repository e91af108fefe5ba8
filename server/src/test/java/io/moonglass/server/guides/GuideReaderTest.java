package io.moonglass.server.guides;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// No block escapes, and no promise that is not kept.
class GuideReaderTest {

    @TempDir private Path folder;

    @Test
    void what_is_promised_and_comes_is_good() {
        String page =
                """
                ```sh
                echo "{\\"answer\\": \\"4\\", \\"usage\\": {\\"tokens\\": 9, \\"cached\\": 1}}"
                ```

                The answer is `4`.

                ```json
                {"answer": "4", "usage": {"tokens": 9}}
                ```

                ```sh
                printf 'one\\ntwo\\n'
                ```

                The last line is `two`.

                ```text
                one
                two
                ```

                `curl` has no block of its own, and need not have one.
                """;

        assertDoesNotThrow(() -> follow(page));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    another answer           | ```sh;echo 4;```;;The answer is `5`.           | expected: <5>
                    another last line        | ```sh;echo 4;```;;The last line is `5`.        | expected: <5>
                    another text             | ```sh;echo 4;```;;```text;5;```                | expected: <5>
                    another member           | ```sh;echo '{"a": 4}';```;;```json;{"a": 5};``` | expected: <5>
                    no such member           | ```sh;echo '{"a": 4}';```;;```json;{"b": 4};``` | expected: <4>
                    a failure                | ```sh;false;echo 4;```                         | failed: false
                    a question without more  | ```sh;echo curl;```                            | does not say what comes of it
                    text of nothing          | ```text;4;```                                  | no commands that print
                    a block without a rule   | ```yaml;a: 4;```                               | no rule for a block of 'yaml'
                    a block without a word   | ```;ls;```                                     | no rule for a block of ''
                    another fence            | ~~~sh;ls;~~~                                   | no rule is for
                    an indented fence        | - one;  ```sh;  ls;  ```                       | no rule is for
                    indented code            | One:;;    ls                                   | no rule is for
                    code that nothing runs   | ```java;// A.java;class A {};```               | no command ran them
                    code without a name      | ```java;class A {};```                         | a file's name
                    a command in the text    | Type `moonglass key me`.                       | stands in no block
                    an address in the text   | See <http://127.0.0.1:8080/>.                  | nothing is at
                    a line of no server      | It says `moonglass: ready`.                    | no server says
                    """)
    void whatever_else_is_told(String what, String page, String told) {
        AssertionError fault =
                assertThrows(
                        AssertionError.class, () -> follow(page.replace(';', '\n') + "\n"), what);

        assertTrue(fault.getMessage().contains(told), fault::getMessage);
    }

    private void follow(String text) throws Exception {
        Path home = Files.createDirectories(folder.resolve("home"));
        GuidePage page = GuidePage.read(Files.writeString(folder.resolve("page.md"), text));
        List<GuideBlock> blocks = page.blocks();
        // Nobody listens on port 1, and nothing is pulled.
        try (GuideReader reader =
                new GuideReader(folder, home, URI.create("http://127.0.0.1:1"), 1)) {
            for (int i = 0; i < blocks.size(); i++) {
                reader.follow(blocks.get(i), i + 1 < blocks.size() ? blocks.get(i + 1) : null);
            }
            reader.end(page);
        }
    }
}
