package io.moonglass.server.guides;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.server.conformance.Machine;
import io.moonglass.server.conformance.PythonPackages;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Does what a page says, block by block, as a reader does in a fresh clone:
///
/// - `sh` is typed into a terminal; where the last command is `serve`, it goes on running in one of its own;
/// - `java` and `python` begin with a comment that names a file, in which they are saved; later commands run it;
/// - `text` is what the commands before printed, and `json` is a part of it;
/// - "The answer is `…`" after commands is what they printed, or the answer in it; "The last line is `…`" is the end of it.
///
/// Any other block fails, and so do questions to which the page promises no answer.
final class GuideReader implements AutoCloseable {

    /// What is typed in place of what the page says.
    private record Substitution(String said, String typed) {}

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String SERVED_AT = "127.0.0.1:8080";

    private static final Pattern ANSWER = Pattern.compile("The answer is `([^`]*)`");
    private static final Pattern LAST_LINE = Pattern.compile("The last line is `([^`]*)`");
    private static final Pattern FILE_NAME = Pattern.compile("(?://|#) (\\w+\\.\\w+)\n(?s:.*)");
    private static final Pattern SERVER =
            Pattern.compile("(?s)(.*\n)?\\./moonglass serve\\b[^\n]*\n");
    private static final Pattern QUESTION =
            Pattern.compile("\\b(curl|ask|chat|ocr|java|python3)\\b");
    private static final Pattern INLINE_COMMAND =
            Pattern.compile("`((?:\\./)?(?:moonglass|curl|java|python3|pip|npm|git|hf) [^`]+)`");
    private static final Pattern INLINE_LINE = Pattern.compile("`(moonglass: [^`]+)`");
    private static final Pattern INLINE_ADDRESS = Pattern.compile("<(http://127[^>]*)>");

    private final Path folder;
    private final int port;
    private final Map<String, String> environment = new HashMap<>();
    private final Shell shell;
    private final List<Substitution> substitutions;
    private final Set<String> saved = new HashSet<>();
    private boolean hasPythonClient;
    private String printed;

    /// @param folder of the clean copy
    /// @param home   of the reader, where programs keep what they keep
    /// @param hub    in place of Hugging Face's: what is pulled from there has 33 GB
    /// @param port   that is free, in place of 8080, which others on this machine may have
    GuideReader(Path folder, Path home, URI hub, int port) {
        this.folder = folder;
        this.port = port;
        this.substitutions =
                List.of(
                        new Substitution(SERVED_AT, "127.0.0.1:" + port),
                        // All tests of all modules run where this one runs; the root alone has
                        // none.
                        new Substitution("./moonglass test\n", "./moonglass test -N\n"),
                        // What is released tomorrow is not ours to answer for.
                        new Substitution(
                                "pip install openai\n",
                                "pip install -r '%s'\n".formatted(PythonPackages.WANTED)));
        System.getenv().keySet().stream()
                .filter(name -> name.matches("MOONGLASS_.*|HF_.*|XDG_.*"))
                .forEach(name -> environment.put(name, null));
        String java = System.getProperty("java.home");
        environment.put("JAVA_HOME", java);
        environment.put(
                "PATH",
                String.join(
                        File.pathSeparator,
                        PythonPackages.programs().toString(),
                        java + "/bin",
                        System.getenv("PATH")));
        environment.put("HOME", home.toString());
        environment.put("MOONGLASS_JAVA_OPTIONS", "-Duser.home=" + home);
        environment.put("MOONGLASS_CONFIG", "/dev/null");
        environment.put("MOONGLASS_SERVER_PORT", "" + port);
        environment.put("HF_ENDPOINT", hub.toString());
        environment.put("no_proxy", "127.0.0.1");
        // The build tool and its libraries are this machine's.
        environment.put("MAVEN_USER_HOME", System.getProperty("user.home") + "/.m2");
        environment.put("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        this.shell = new Shell(folder, environment, home);
    }

    /// Does what one block says.
    ///
    /// @param next the block after it, or null
    void follow(GuideBlock block, GuideBlock next) throws Exception {
        switch (block.language()) {
            case "sh" -> type(block, next);
            case "java", "python" -> save(block);
            case "text" -> assertEquals(block.text().strip(), printedBefore().strip());
            case "json" -> assertPart(JSON.readTree(block.text()), JSON.readTree(printedBefore()));
            default -> fail("there is no rule for a block of '%s'".formatted(block.language()));
        }
    }

    private void type(GuideBlock block, GuideBlock next) throws Exception {
        String script = block.text();
        for (Substitution substitution : substitutions) {
            script = script.replace(substitution.said(), substitution.typed());
        }
        saved.removeIf(script::contains);
        if (SERVER.matcher(script).matches()) {
            shell.serve(script, port);
            printed = null;
            return;
        }
        needPrograms(script);
        printed = shell.run(script);
        boolean isToldNext = next != null && next.language().matches("text|json");
        Matcher answer = ANSWER.matcher(block.after());
        Matcher lastLine = LAST_LINE.matcher(block.after());
        if (answer.lookingAt()) {
            assertEquals(answer.group(1), answer(printed), printed);
        } else if (lastLine.lookingAt()) {
            assertEquals(lastLine.group(1), printed.strip().lines().toList().getLast(), printed);
        } else {
            assertTrue(
                    isToldNext || !QUESTION.matcher(script).find(),
                    () -> "the page does not say what comes of it: " + printed);
        }
    }

    private void save(GuideBlock block) throws IOException {
        Matcher name = FILE_NAME.matcher(block.text());
        assertTrue(name.matches(), "the first line is no comment with a file's name");
        Files.writeString(folder.resolve(name.group(1)), here(block.text()));
        saved.add(name.group(1));
    }

    /// To be called at a page's end: whatever was saved was run, and what the text names is there.
    void end(GuidePage page) throws Exception {
        assertEquals(Set.of(), saved, "these files were saved, and no command ran them");
        assertEquals(List.of(), page.hidden(), "this looks like code that no rule is for");
        String prose = String.join("\n", page.prose());
        for (String command : groups(INLINE_COMMAND, prose)) {
            assertTrue(
                    page.blocks().stream().anyMatch(block -> block.text().contains(command)),
                    () -> "'%s' stands in no block, so nothing runs it".formatted(command));
        }
        for (String address : groups(INLINE_ADDRESS, prose)) {
            assertTrue(shell.answers(URI.create(here(address))), () -> "nothing is at " + address);
        }
        for (String line : groups(INLINE_LINE, prose)) {
            assertTrue(
                    shell.log().contains(here(line)), () -> "no server says '%s'".formatted(line));
        }
        shell.close();
    }

    private String here(String text) {
        return text.replace(SERVED_AT, "127.0.0.1:" + port);
    }

    private static List<String> groups(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(found -> found.group(1)).toList();
    }

    private String printedBefore() {
        assertNotNull(printed, "no commands that print stand before it");
        return printed;
    }

    /// What was printed, or the answer in it.
    private static String answer(String printed) throws JsonProcessingException {
        if (!printed.startsWith("{")) {
            return printed.strip();
        }
        JsonNode reply = JSON.readTree(printed);
        return (reply.has("answer") ? reply.get("answer") : reply.at("/choices/0/message/content"))
                .asText();
    }

    /// All that the page shows is in the reply; a reply may have more members.
    private static void assertPart(JsonNode shown, JsonNode reply) {
        for (Map.Entry<String, JsonNode> member : shown.properties()) {
            JsonNode there = reply.path(member.getKey());
            if (member.getValue().isObject()) {
                assertPart(member.getValue(), there);
            } else {
                assertEquals(member.getValue(), there, member.getKey());
            }
        }
        assertFalse(shown.isEmpty(), "nothing is shown");
    }

    /// Skips the block where a program is missing that it wants of the machine; in continuous integration it fails,
    /// but where Python's packages cannot be had: that says nothing of the page.
    private void needPrograms(String script) throws Exception {
        for (String program : List.of("curl", "base64")) {
            if (script.contains(program + " ")) {
                Machine.need(Machine.has(program), program + " is not installed");
            }
        }
        if (script.contains("pip ")) {
            Machine.need(Machine.has("python3"), "python3 is not installed");
            hasPythonClient = PythonPackages.install().isPresent();
            assumeTrue(hasPythonClient, "Python's packages cannot be had");
        }
        if (script.contains("python3 ")) {
            assumeTrue(hasPythonClient, "there is no client for Python");
        }
    }

    @Override
    public void close() throws InterruptedException {
        shell.close();
    }
}
