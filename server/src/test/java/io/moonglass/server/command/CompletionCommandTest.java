package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionCommandTest {

    @TempDir private Path directory;

    @ParameterizedTest
    @CsvSource({"cha, chat", "pul, pull", "comple, completion"})
    void bash_completes_commands(String begun, String whole) throws Exception {
        assertEquals(List.of(whole), completed("moonglass", begun));
    }

    @ParameterizedTest
    @CsvSource({
        "ocr, --for, --format",
        "pull, --par, --parallel",
        "serve, --idle-sl, --idle-sleep"
    })
    void bash_completes_options(String command, String begun, String whole) throws Exception {
        assertEquals(List.of(whole), completed("moonglass", command, begun));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh"})
    void each_shell_has_a_script(String shell) {
        assertTrue(script(shell).contains("complete -F"), "no completion");
    }

    @Test
    void bash_completes_values() throws Exception {
        assertEquals(List.of("markdown"), completed("moonglass", "ocr", "--format", "mark"));
        assertEquals(List.of("q8", "q4"), completed("moonglass", "pack", "--weights", "q"));
    }

    @ParameterizedTest
    @CsvSource({"ask, --image", "compare, --model", "pull, --out", "bench, --model"})
    void bash_is_left_to_complete_files(String command, String option) throws Exception {
        assertEquals(List.of(), completed("moonglass", command, option, "pom"));
    }

    private List<String> completed(String... words) throws IOException, InterruptedException {
        assumeTrue(
                Files.isExecutable(Path.of("/bin/bash")) || System.getenv("CI") != null,
                "bash is not installed");
        Path script = Files.writeString(directory.resolve("script"), script("bash"));
        // bash has compopt only while it completes
        StringBuilder line =
                new StringBuilder(
                        "compopt() { [ $1 = +o ] && [ $2 = default ] && echo no files; }; source '%s'; COMP_WORDS=("
                                .formatted(script));
        for (String word : words) {
            line.append('\'').append(word).append("' ");
        }
        line.append("); COMP_CWORD=%d; COMPREPLY=(); ".formatted(words.length - 1));
        line.append(
                "_complete_moonglass moonglass \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\";"
                        + " printf '%s\\n' \"${COMPREPLY[@]}\"");
        Process bash =
                new ProcessBuilder("bash", "--norc", "-c", line.toString())
                        .redirectErrorStream(true)
                        .start();
        String said =
                new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(0, bash.waitFor(), said);
        return said.lines().map(String::strip).toList();
    }

    private static String script(String shell) {
        StringWriter out = new StringWriter();
        PrintWriter printed = new PrintWriter(out);
        assertEquals(0, Main.run((_, _) -> null, printed, printed, "completion", shell));
        return out.toString();
    }
}
