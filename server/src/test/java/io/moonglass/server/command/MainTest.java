package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.ModelFormatException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

    private static final ModelOpener NO_MODEL =
            (directory, _) -> {
                throw new ConfigException("no model in " + directory);
            };

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void help_and_version_are_shown_for_the_program_and_each_command() {
        assertEquals(0, run(NO_MODEL, "--help"));
        assertEquals(0, run(NO_MODEL, "--version"));
        assertEquals(0, run(NO_MODEL, "serve", "--help"));
        assertEquals(0, run(NO_MODEL, "ask", "--help"));
        assertEquals(0, run(NO_MODEL, "inspect", "--help"));
        assertEquals(0, run(NO_MODEL, "check", "--help"));
        assertEquals(0, run(NO_MODEL, "eval", "--help"));

        assertTrue(out.toString().contains("moonglass development (Java 25"), out.toString());
        assertTrue(out.toString().contains("--temperature=T"), out.toString());
        assertEquals("", err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "ask", "inspect", "check", "eval", "compare", "load"})
    void every_command_knows_its_version(String command) {
        assertEquals(0, run(NO_MODEL, command, "--version"));

        assertTrue(out.toString().startsWith("moonglass development (Java 25"), out.toString());
    }

    @Test
    void without_a_command_it_lists_them() {
        assertEquals(2, run(NO_MODEL));

        assertTrue(err.toString().contains("inspect"), err.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dance",
                "serve",
                "serve --model x --port y",
                "serve --model x --port 70000",
                "serve --model x --threads many",
                "serve --model x --host ''",
                "serve --model x --api-key-file /nowhere",
                "serve --model x --request-timeout 0",
                "serve --model x --request-timeout soon",
                "serve --model x --stuck-after -1",
                "serve --model x --max-queued-tokens 0",
                "serve --model x --max-queued-pixels -1",
                "ask",
                "ask question",
                "ask --model x",
                "ask --model x --url http://y question",
                "ask --url no-address question",
                "ask --url http://127.0.0.1:1 --image /nowhere.png question",
                "eval",
                "eval --set /nowhere",
                "eval --set /nowhere --parallel 0",
                "inspect",
                "inspect /nowhere",
                "load",
                "load --url http://127.0.0.1:1 --concurrency 1",
                "load --url no-address --concurrency 1 --mix chat",
                "load --url http://127.0.0.1:1 --concurrency 1 --mix /nowhere",
                "load --url http://127.0.0.1:1 --concurrency 0 --mix chat",
                "load --url http://127.0.0.1:1 --concurrency 1 --mix chat --requests 0",
                "load --url http://127.0.0.1:1 --concurrency 1 --mix chat --duration 0",
                "load --url http://127.0.0.1:1 --concurrency 1 --mix chat --timeout NaN",
                "load --url http://127.0.0.1:1 --concurrency 1 --mix chat --requests 1 --duration 1",
                "load --url http://127.0.0.1:1 --concurrency 1 --mix chat --api-key-file /nowhere"
            })
    void what_cannot_work_is_said_in_one_line(String arguments) {
        String[] words = arguments.replace("''", "\u0000").split(" ");
        for (int i = 0; i < words.length; i++) {
            words[i] = words[i].replace("\u0000", "");
        }

        assertEquals(2, run(NO_MODEL, words));

        assertTrue(err.toString().matches("moonglass: [^\n]+\n"), err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void faults_have_their_own_exit_codes_and_no_stack() {
        assertEquals(2, runAsk(new ConfigException("mend your config")));
        assertEquals(2, runAsk(InvalidRequestException.invalidValue("image", "no picture")));
        assertEquals(1, runAsk(new ModelFormatException("damaged shard")));
        assertEquals(1, runAsk(new IllegalStateException("our own")));

        assertEquals(
                """
                moonglass: mend your config
                moonglass: no picture
                moonglass: damaged shard
                moonglass: our own
                """,
                err.toString());
    }

    @Test
    void verbose_shows_the_stack() {
        runAsk(new IllegalStateException("first"));
        assertFalse(err.toString().contains("\tat "));

        ModelOpener failing = failingWith(new IllegalStateException("second"));
        run(failing, "ask", "--verbose", "--model", "x", "question");
        assertTrue(err.toString().contains("\tat "));
    }

    @Test
    void a_server_that_is_not_there_is_named() {
        assertEquals(1, run(NO_MODEL, "ask", "--url", "http://127.0.0.1:1", "question"));

        assertTrue(err.toString().startsWith("moonglass: no answer from http://127.0.0.1:1"));
    }

    private int runAsk(RuntimeException fault) {
        return run(failingWith(fault), "ask", "--model", "x", "question");
    }

    private static ModelOpener failingWith(RuntimeException fault) {
        return (_, _) -> {
            throw fault;
        };
    }

    private int run(ModelOpener models, String... arguments) {
        return Main.run(models, new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }
}
