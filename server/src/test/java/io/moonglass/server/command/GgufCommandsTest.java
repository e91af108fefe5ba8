package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufCommandsTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16", "q8", "q4"})
    void a_pair_gives_the_recorded_numbers(String format) {
        write(format);
        run(
                "check",
                "--model=" + folder.resolve("pair/decoder.gguf"),
                "--cache=" + folder.resolve("cache"),
                "--golden=" + TestModels.golden());

        System.out.println(out);
    }

    private void write(String format) {
        assertEquals(
                0,
                run(
                        "pack",
                        "--model=" + TestModels.tinyRandom(),
                        "--to=gguf",
                        "--weights=" + format,
                        "--out=" + folder.resolve("pair")),
                err.toString());
    }

    private int run(String... arguments) {
        return Main.run(
                Main::openInProcess,
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                arguments);
    }
}
