package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ScriptedModel;
import io.moonglass.server.http.ServerOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class SelftestCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void a_server_that_answers_passes_every_check() {
        try (MoonglassServer server =
                MoonglassServer.start(new ScriptedModel(), ServerOptions.DEFAULT.withPort(0))) {
            int exitCode = run("--url=http://127.0.0.1:" + server.port(), "--timeout=20");

            assertEquals(0, exitCode, out.toString());
            assertEquals(
                    List.of("ok    ready", "ok    live", "ok    models", "ok    picture"),
                    lines().stream().map(line -> line.replaceFirst(":.*", "")).toList());
        }
    }

    @Test
    void a_server_without_a_picture_in_its_answer_fails_that_check() throws IOException {
        try (StandInServer server = new StandInServer(0)) {
            assertEquals(1, run("--url=" + server.address(), "--timeout=3"));

            assertTrue(lines().get(2).startsWith("ok    models: standing-in"), out.toString());
            assertTrue(lines().get(3).startsWith("FAIL  picture"), out.toString());
        }
    }

    @Test
    void where_nobody_listens_every_check_fails_with_a_reason() {
        assertEquals(1, run("--url=http://127.0.0.1:1", "--timeout=0.1"));

        assertEquals(4, lines().size(), out.toString());
        assertTrue(
                lines().stream().allMatch(l -> l.startsWith("FAIL") && l.contains("no answer")),
                out.toString());
    }

    @Test
    void an_address_without_a_scheme_is_refused() {
        assertEquals(2, run("--url=localhost:8080"));
        assertTrue(err.toString().contains("want one like http://"), err.toString());
    }

    private List<String> lines() {
        return out.toString().lines().toList();
    }

    private int run(String... options) {
        String[] arguments = new String[options.length + 1];
        arguments[0] = "selftest";
        System.arraycopy(options, 0, arguments, 1, options.length);
        return Main.run(
                Main::openInProcess,
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                arguments);
    }
}
