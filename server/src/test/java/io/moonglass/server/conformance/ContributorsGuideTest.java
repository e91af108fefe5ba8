package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What docs/contributors.md names is there.
class ContributorsGuideTest {

    private static final String PAGE =
            ProgramTexts.text(ProgramTexts.REPOSITORY.resolve("docs/contributors.md"));

    /// A class, perhaps with one of its members.
    private static final Pattern CLASS =
            Pattern.compile("`([A-Z][a-z0-9]+[A-Za-z0-9]*)(?:\\.([A-Za-z]+))?`");

    private static final Pattern TEST_OPTION = Pattern.compile("-Dtest='?([A-Za-z0-9,#_*]+)'?");
    private static final Pattern PATH = Pattern.compile("`([a-z.][\\w.-]*/[\\w./-]+)`");

    private static final Map<String, Path> CLASSES = classes();

    @Test
    void every_class_is_there_with_the_member_that_is_named() {
        Set<String> missing = new TreeSet<>();
        int numNamed = 0;
        for (MatchResult named : CLASS.matcher(PAGE).results().toList()) {
            numNamed++;
            Path source = CLASSES.get(named.group(1));
            Optional<String> member = Optional.ofNullable(named.group(2));
            if (source == null || member.filter(name -> !has(source, name)).isPresent()) {
                missing.add(named.group());
            }
        }

        assertEquals(Set.of(), missing);
        assertTrue(numNamed > 80, "named: " + numNamed);
    }

    /// A method, or a class within.
    private static boolean has(Path source, String member) {
        return Pattern.compile(
                        "\\b(?:enum |record |class |interface )?%s\\b ?[({]".formatted(member))
                .matcher(ProgramTexts.text(source))
                .find();
    }

    @Test
    void every_test_that_a_command_runs_is_there() {
        Set<String> missing = new TreeSet<>();
        for (MatchResult option : TEST_OPTION.matcher(PAGE).results().toList()) {
            for (String named : option.group(1).split(",")) {
                String[] parts = named.split("#");
                Path source = CLASSES.get(parts[0]);
                if (source == null || parts.length > 1 && !has(source, parts[1])) {
                    missing.add(named);
                }
            }
        }

        assertEquals(Set.of(), missing);
    }

    @Test
    void every_path_is_there() {
        Set<String> missing =
                PATH.matcher(PAGE)
                        .results()
                        .map(path -> path.group(1))
                        .filter(path -> !Files.exists(ProgramTexts.REPOSITORY.resolve(path)))
                        .collect(Collectors.toCollection(TreeSet::new));

        assertEquals(Set.of(), missing);
    }

    /// All sources, tests and benchmarks included, by the name of their class.
    private static Map<String, Path> classes() {
        try (Stream<Path> files = Files.walk(ProgramTexts.REPOSITORY)) {
            return files.filter(
                            file -> file.toString().matches(".*/src/(main|test)/java/.*\\.java"))
                    .collect(
                            Collectors.toMap(
                                    file -> file.getFileName().toString().replace(".java", ""),
                                    file -> file,
                                    (first, _) -> first));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
