package io.moonglass.server.guides;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Whoever begins at the README finds all there is.
class ReadmeTest {

    private static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();
    private static final Path README = REPOSITORY.resolve("README.md");
    private static final Path COMMANDS = REPOSITORY.resolve("docs/command-line.md");

    private static final Pattern LINK = Pattern.compile("]\\(([^)#]+)[^)]*\\)");
    private static final Pattern COMMAND = Pattern.compile("(?m)^\\$ moonglass ([a-z]+) --help$");

    @Test
    void the_readme_leads_to_every_page() throws IOException {
        Set<String> links =
                LINK.matcher(Files.readString(README))
                        .results()
                        .map(link -> link.group(1))
                        .collect(Collectors.toSet());

        assertEquals(List.of(), pages().filter(page -> !links.contains(page)).toList());
    }

    @Test
    void the_readme_names_every_command() throws IOException {
        String readme = Files.readString(README);
        Matcher commands = COMMAND.matcher(Files.readString(COMMANDS));
        TreeSet<String> missed = new TreeSet<>();
        int numCommands = 0;
        for (; commands.find(); numCommands++) {
            if (!readme.contains("| `%s` |".formatted(commands.group(1)))) {
                missed.add(commands.group(1));
            }
        }

        assertTrue(numCommands > 0, "docs/command-line.md has no command");
        assertEquals(new TreeSet<>(), missed);
    }

    /// Pages of Markdown for people, named from the README's folder.
    private static Stream<String> pages() throws IOException {
        try (Stream<Path> root = Files.list(REPOSITORY);
                Stream<Path> docs = Files.list(REPOSITORY.resolve("docs"))) {
            return Stream.concat(root, docs)
                    .filter(file -> file.toString().endsWith(".md") && !file.equals(README))
                    .map(file -> REPOSITORY.relativize(file).toString())
                    .sorted()
                    .toList()
                    .stream();
        }
    }
}
