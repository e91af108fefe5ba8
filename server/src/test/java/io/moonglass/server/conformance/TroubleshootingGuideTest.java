package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// docs/troubleshooting.md knows every code that the server sends, and no message that the program does not say.
class TroubleshootingGuideTest {

    private static final String PAGE =
            ProgramTexts.text(ProgramTexts.REPOSITORY.resolve("docs/troubleshooting.md"));
    private static final Pattern CODE_ROW =
            Pattern.compile("(?m)^\\| `([a-z_]+)` \\| (\\d{3}) \\| \\S.* \\|$");
    private static final Pattern QUOTED = Pattern.compile("(?m)^\\| `([^`]+)` \\|");

    private static final Path HTTP =
            Path.of("src/main/java/io/moonglass/server/http").toAbsolutePath();
    private static final Path WIRE =
            ProgramTexts.REPOSITORY.resolve("runtime/src/main/java/io/moonglass/runtime/wire");

    /// Where faults are made of what went wrong, every small word is a code, but for these.
    private static final List<Path> FAULTS =
            List.of(HTTP.resolve("HttpFault.java"), WIRE.resolve("RequestFault.java"));

    private static final Set<String> NO_CODES =
            Set.of(
                    "invalid_request_error",
                    "server_error",
                    "rate_limit_exceeded",
                    "false",
                    "file",
                    "model");
    private static final Pattern SMALL_WORD = Pattern.compile("\"([a-z]+(?:_[a-z]+)*)\"");
    private static final Pattern MADE_ELSEWHERE =
            Pattern.compile(
                    "(?:invalidRequest|unavailable|keyLimit)\\(\\s*(?:\\d{3},\\s*)?\"([a-z_]+)\"");

    /// Codes whose status stands beside them.
    private static final Pattern WITH_STATUS =
            Pattern.compile("(?:invalidRequest\\(|of\\(fault,)\\s*(\\d{3}),\\s*\"([a-z_]+)\"");

    private static final Pattern UNAVAILABLE = Pattern.compile("unavailable\\(\\s*\"([a-z_]+)\"");

    @Test
    void every_code_that_the_server_sends_has_an_entry_and_no_other_has() {
        Set<String> sent = new TreeSet<>(ProgramTexts.found(SMALL_WORD, FAULTS));
        sent.removeAll(NO_CODES);
        sent.addAll(ProgramTexts.found(MADE_ELSEWHERE, sourcesOfHttp()));

        assertEquals(sent, documented().keySet());
    }

    @Test
    void codes_have_the_status_that_the_page_says() {
        Map<String, String> documented = documented();
        int numCompared = 0;
        for (Path source : sourcesOfHttp()) {
            for (MatchResult made :
                    WITH_STATUS.matcher(ProgramTexts.text(source)).results().toList()) {
                assertEquals(made.group(1), documented.get(made.group(2)), made.group(2));
                numCompared++;
            }
        }
        for (String code : ProgramTexts.found(UNAVAILABLE, sourcesOfHttp())) {
            assertEquals("503", documented.get(code), code);
            numCompared++;
        }
        assertTrue(numCompared > 30, "compared: " + numCompared);
    }

    @Test
    void every_message_of_the_page_is_one_that_the_program_says() {
        ProgramTexts program = ProgramTexts.read();
        List<String> quoted = QUOTED.matcher(PAGE).results().map(found -> found.group(1)).toList();

        assertEquals(List.of(), quoted.stream().filter(message -> !program.have(message)).toList());
        assertTrue(quoted.size() > 200, "quoted: " + quoted.size());
    }

    private static Map<String, String> documented() {
        return CODE_ROW.matcher(PAGE)
                .results()
                .collect(
                        Collectors.toMap(
                                row -> row.group(1),
                                row -> row.group(2),
                                (_, _) -> {
                                    throw new AssertionError("a code is there twice");
                                },
                                TreeMap::new));
    }

    private static List<Path> sourcesOfHttp() {
        return ProgramTexts.sources().stream()
                .filter(source -> source.startsWith(HTTP) || source.startsWith(WIRE))
                .toList();
    }
}
