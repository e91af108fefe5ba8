package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Links between the documents lead somewhere, and what they name is there.
class DocumentsTest {

    private static final Pattern CODE_BLOCK = Pattern.compile("(?ms)^```.*?^```$");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");

    private static final Pattern METRIC = Pattern.compile("\\b(?:moonglass_|vllm:)[a-z_]+[a-z]");
    private static final Pattern OPTION =
            Pattern.compile("(?<![\\w-])--[a-z][a-z0-9-]*[a-z0-9](?![\\w-])");
    private static final Pattern SWITCH = Pattern.compile("--\\[no-]([a-z0-9-]+)");

    /// What an adapter makes of ours for an autoscaler.
    private static final Set<String> OTHER_METRICS = Set.of("moonglass_active_requests");

    /// Full of options of other programs.
    private static final Set<String> OF_OTHER_PROGRAMS =
            Set.of("image.md", "kubernetes.md", "runbooks.md");

    /// Of java, git, other tools and the launcher.
    private static final Set<String> OTHER_OPTIONS =
            Set.of(
                    "--add-modules",
                    "--enable-native-access",
                    "--local-dir",
                    "--print-java-home",
                    "--record");

    @Test
    void every_link_leads_to_a_file_and_a_heading_that_are_there() throws IOException {
        List<String> broken = new ArrayList<>();
        int numLinks = 0;
        for (Path document : documents()) {
            String text = CODE_BLOCK.matcher(ProgramTexts.text(document)).replaceAll("");
            for (MatchResult link : LINK.matcher(text).results().toList()) {
                String target = link.group(1);
                if (!target.matches("[a-z]+:.*")) {
                    numLinks++;
                    if (!leadsSomewhere(document, target)) {
                        broken.add(document.getFileName() + ": " + target);
                    }
                }
            }
        }

        assertEquals(List.of(), broken);
        assertTrue(numLinks > 50, "links: " + numLinks);
    }

    @Test
    void every_metric_that_is_named_is_one_that_servers_tell() throws IOException {
        String metrics = ProgramTexts.text(ProgramTexts.REPOSITORY.resolve("docs/metrics.md"));
        Set<String> unknown = new TreeSet<>();
        for (Path document : documents()) {
            METRIC.matcher(ProgramTexts.text(document))
                    .results()
                    .map(named -> named.group())
                    .filter(name -> !metrics.contains(name) && !OTHER_METRICS.contains(name))
                    .forEach(name -> unknown.add(document.getFileName() + ": " + name));
        }

        assertEquals(Set.of(), unknown);
    }

    @Test
    void every_option_that_is_named_is_one_that_a_command_has() throws IOException {
        Set<String> options = options();
        Set<String> unknown = new TreeSet<>();
        for (Path document : documents()) {
            if (!OF_OTHER_PROGRAMS.contains(document.getFileName().toString())) {
                OPTION.matcher(ProgramTexts.text(document))
                        .results()
                        .map(named -> named.group())
                        .filter(name -> !options.contains(name))
                        .forEach(name -> unknown.add(document.getFileName() + ": " + name));
            }
        }

        assertEquals(Set.of(), unknown);
    }

    /// Those of `--help`, which the page about the command line repeats word for word.
    private static Set<String> options() {
        String help = ProgramTexts.text(ProgramTexts.REPOSITORY.resolve("docs/command-line.md"));
        Set<String> options = new HashSet<>(OTHER_OPTIONS);
        OPTION.matcher(help).results().forEach(option -> options.add(option.group()));
        SWITCH.matcher(help)
                .results()
                .forEach(option -> {
                    options.add("--" + option.group(1));
                    options.add("--no-" + option.group(1));
                });
        return options;
    }

    private static List<Path> documents() throws IOException {
        try (Stream<Path> root = Files.list(ProgramTexts.REPOSITORY);
                Stream<Path> docs = Files.list(ProgramTexts.REPOSITORY.resolve("docs"))) {
            return Stream.concat(root, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }

    private static boolean leadsSomewhere(Path document, String target) {
        int hash = target.indexOf('#');
        String file = hash < 0 ? target : target.substring(0, hash);
        Path there = file.isEmpty() ? document : document.resolveSibling(file).normalize();
        if (!Files.exists(there)) {
            return false;
        }
        return hash < 0 || anchors(there).contains(target.substring(hash + 1));
    }

    /// As GitHub makes them of headings.
    private static List<String> anchors(Path document) {
        return HEADING.matcher(CODE_BLOCK.matcher(ProgramTexts.text(document)).replaceAll(""))
                .results()
                .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .toList();
    }
}
