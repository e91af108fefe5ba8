package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every command helps, and docs/command-line.md says what its help says. `-Dguide.write=true` writes the page anew.
class CommandLineGuideTest {

    private static final String WIDTH = "picocli.usage.width";
    private static final Path GUIDE = Path.of("..", "docs", "command-line.md");
    private static final Pattern HELP =
            Pattern.compile("(?ms)^```text\n\\$ moonglass ([a-z]+ )?--help\n(.*?)^```$");
    private static final Pattern LISTED = Pattern.compile("(?m)^  ([a-z]+) ");

    @Test
    void the_guide_says_what_help_says() throws IOException {
        String written = Files.readString(GUIDE);
        StringBuilder anew = new StringBuilder();
        Matcher help = HELP.matcher(written);
        int end = 0;
        while (help.find()) {
            String command = help.group(1) == null ? "" : help.group(1).strip();
            anew.append(written, end, help.start(2)).append(help(command));
            end = help.end(2);
        }
        anew.append(written.substring(end));
        if (Boolean.getBoolean("guide.write")) {
            Files.writeString(GUIDE, anew);
        }

        assertEquals(
                anew.toString(),
                written,
                "write it anew: ./mvnw -pl server -am test -Dtest=CommandLineGuideTest -Dguide.write=true");
    }

    @Test
    void the_guide_has_every_command() throws IOException {
        String written = Files.readString(GUIDE);
        for (String command : commands()) {
            assertTrue(
                    written.contains("$ moonglass " + command + " --help\n"),
                    () -> "docs/command-line.md has no " + command);
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void every_command_tells_its_exit_codes_and_shows_an_example(String command) {
        String help = help(command);

        assertTrue(help.contains("\nExit codes:\n  0 "), help);
        assertTrue(help.contains("\nExamples:\n  "), help);
    }

    static List<String> commands() {
        String help = help("");
        return LISTED.matcher(
                        help.substring(help.indexOf("Commands:"), help.indexOf("Exit codes:")))
                .results()
                .map(command -> command.group(1))
                .toList();
    }

    private static String help(String command) {
        StringWriter out = new StringWriter();
        PrintWriter printed = new PrintWriter(out);
        String[] words =
                command.isEmpty() ? new String[] {"--help"} : new String[] {command, "--help"};
        System.setProperty(WIDTH, "100");
        try {
            assertEquals(0, Main.run((_, _) -> null, printed, printed, words));
        } finally {
            System.clearProperty(WIDTH);
        }
        printed.flush();
        return out.toString();
    }
}
