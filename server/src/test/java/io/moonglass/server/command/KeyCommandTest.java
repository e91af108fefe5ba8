package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.server.http.ApiKeys;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyCommandTest {

    @TempDir private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private List<String> lines(String... arguments) {
        out.getBuffer().setLength(0);
        int code =
                Main.run(
                        Main::openInProcess, new PrintWriter(out), new PrintWriter(err), arguments);
        assertEquals(0, code, err.toString());
        return out.toString().lines().toList();
    }

    @Test
    void the_line_that_is_printed_opens_the_server_to_the_key_that_is_printed() throws Exception {
        List<String> first = lines("key", "team-a", "--max-running", "2");
        List<String> second = lines("key", "team-a");
        String key = first.getFirst().substring("key:  ".length());
        String line = first.getLast().substring("line: ".length());

        ApiKeys keys = ApiKeys.read(Files.writeString(folder.resolve("keys"), line));

        assertTrue(line.endsWith(" max-running=2"), line);
        assertEquals(Optional.of("team-a"), keys.nameOf(key));
        assertNotEquals(first.getFirst(), second.getFirst());
    }

    @Test
    void a_name_that_cannot_stand_in_the_file_is_refused() {
        int code =
                Main.run(
                        Main::openInProcess,
                        new PrintWriter(out),
                        new PrintWriter(err),
                        "key",
                        "two words");

        assertEquals(2, code);
        assertTrue(err.toString().contains("want 1 to 64 letters"), err.toString());
    }
}
