package io.moonglass.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsFileTest {

    @TempDir private Path folder;

    @Test
    void values_are_taken_as_they_are_written_and_know_their_lines() {
        List<SettingValue> values =
                read(
                        """
                        # what the server does
                        server:
                          port: 0123
                        media: {max-image-bytes: 1_0MB, offline: true}
                        models:
                          model:
                            - "a: b"
                            - 'no'
                        """);

        assertEquals(
                List.of(
                        "server.port [0123] 3",
                        "media.max-image-bytes [1_0MB] 4",
                        "media.offline [true] 4",
                        "models.model [a: b, no] 6"),
                values.stream()
                        .map(value ->
                                "%s %s %d"
                                        .formatted(
                                                value.setting().key(),
                                                value.values(),
                                                ((SettingSource.FileLine) value.source()).line()))
                        .toList());
    }

    @Test
    void a_list_may_be_one_value() {
        assertEquals(List.of("/a"), read("models:\n  model: /a\n").getFirst().values());
        assertEquals(List.of(), read("models:\n  model: []\n").getFirst().values());
    }

    /// Helm writes whole numbers of a million and more as 3.3554432e+07.
    @Test
    void a_number_with_an_exponent_is_the_number() {
        assertEquals(
                List.of("33554432"), read("server:\n  port: 3.3554432e+07\n").getFirst().values());
        assertEquals(List.of("1e3"), read("models:\n  model: 1e3\n").getFirst().values());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing\n", "---\n", "server:\n", "server: {}\n", "\uFEFF", "~"})
    void a_file_may_set_nothing(String text) {
        assertEquals(List.of(), read(text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    server:⏎  prot: 1                    | line 2: server.prot is no setting; did you mean server.port?
                    server:⏎  bodyTimeout: 1             | line 2: server.bodyTimeout is no setting; did you mean server.body-timeout?
                    server:⏎  offline: true              | line 2: server.offline is no setting; did you mean media.offline?
                    media:⏎  media-folder: /a            | line 2: media.media-folder is no setting; did you mean media.folder?
                    server:⏎  something-else: 1          | line 2: server.something-else is no setting
                    sever:⏎  port: 1                     | line 1: sever is no section; did you mean server?
                    port: 1                              | line 1: port is no section; did you mean server.port?
                    server.port: 1                       | line 1: server.port is no section; write server: and port: beneath it, indented
                    zzzzzzzz: 1                          | line 1: zzzzzzzz is no section; want one of server, models, media, otlp
                    server: 1                            | line 1: server is a section; want its keys beneath it, one a line
                    server:⏎  - port                     | line 2: server is a section; want its keys beneath it, one a line
                    server:⏎  port: 1⏎  port: 2          | line 3: server.port is there twice, first in line 2
                    server:⏎  port: 1⏎server: {}         | line 3: server is there twice, first in line 1
                    server:⏎  port:                      | line 2: server.port has no value; want a whole number, or leave the key out
                    server:⏎  port: ~                    | line 2: server.port has no value; want a whole number, or leave the key out
                    server:⏎  port: ""                   | line 2: server.port is ""; want a whole number
                    server:⏎  port: [1, 2]               | line 2: server.port is a list; want a whole number
                    server:⏎  port: {a: 1}               | line 2: server.port has keys beneath it; want a whole number
                    models:⏎  model: [[a]]               | line 2: models.model: a list within the list; want a list, each of it a text
                    media:⏎  offline: yes                | line 2: media.offline is "yes"; want true or false
                    media:⏎  folder: "a\\nb"             | line 2: media.folder is "a b"; want a path, in one line
                    server:⏎  port: &a 1                 | line 2: an anchor is not taken; want the value alone
                    server:⏎  port: *a                   | line 2: an alias is not taken; write its value out
                    server:⏎  port: !!int 1              | line 2: a tag is not taken; want the value alone
                    server: !!java.net.URL [a]           | line 1: a tag is not taken; want the value alone
                    ? [a]⏎: 1                            | line 1: a key that is a list or has keys itself; want a word
                    just words                           | line 1: this is no section; want server: or another, with keys beneath it
                    [a, b]                               | line 1: this is no section; want server: or another, with keys beneath it
                    server:⏎  port: 1⏎---⏎media: {}      | line 3: a second document begins here; want one
                    """)
    void what_cannot_be_is_refused_with_its_line(String text, String fault) {
        assertEquals(file() + " " + fault, refusal(text.replace('⏎', '\n')));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "server:\n\tport: 1",
                "models:\n  model: [a",
                "server: {port: 1",
                "server:\n  port: 1\n host: 2",
                "server: 'a",
                "%YAML 9.9\n---\nserver:",
                "server: \u0001",
                "@",
                "}",
                "server:\n  port: \"\\x\""
            })
    void what_is_no_yaml_is_refused_in_one_line(String text) {
        String fault = refusal(text);

        assertTrue(fault.startsWith(file() + " "), fault);
        assertTrue(fault.contains("no YAML: "), fault);
        assertEquals(1, fault.lines().count(), fault);
    }

    @Test
    void bombs_do_nothing() {
        String many = "x, ".repeat(10_000);
        assertTrue(refusal("a: &a [" + many + "]\nb: &b [*a, *a]\n").contains("line 1: an anchor"));
        assertTrue(refusal("server:\n  port: &a [" + many + "]").contains("line 2: an anchor"));
        assertTrue(refusal("server: " + "[".repeat(500_000)).contains("line 1: server is a"));
        assertTrue(refusal("[".repeat(1_000_000)).contains("line 1: this is no section"));
        assertTrue(refusal("{".repeat(1_000_000)).contains("line 1"));
        assertTrue(refusal("- ".repeat(500_000)).contains("line 1: this is no section"));
        assertTrue(refusal("k".repeat(1_000_000) + ": 1").length() < 1_000);
        assertTrue(refusal("server: {port: " + "9".repeat(100_000) + "}").length() < 1_000);
        assertTrue(refusal(" ".repeat((1 << 20) + 1)).contains("want a file of settings"));
    }

    @Test
    void what_is_no_text_or_no_file_is_refused() throws IOException {
        Files.write(file(), new byte[] {'a', (byte) 0xff});
        assertEquals(
                file() + " is no text in UTF-8",
                assertThrows(ConfigException.class, () -> SettingsFile.read(file(), small()))
                        .getMessage());
        assertEquals(
                folder + " is a folder; want a file",
                assertThrows(ConfigException.class, () -> SettingsFile.read(folder, small()))
                        .getMessage());
        assertThrows(
                ConfigException.class,
                () -> SettingsFile.read(folder.resolve("none.yaml"), small()));
    }

    @Test
    void any_text_is_read_or_refused() {
        Random random = new Random(7);
        List<String> pieces =
                List.of(
                        "server", "port", "media", "offline", "models", "model", ":", ": ", " ",
                        "  ", "\n", "\n  ", "- ", "[", "]", "{", "}", ",", "&a ", "*a", "!!str ",
                        "!x ", "\"", "'", "|\n", ">\n", "#", "1", "true", "~", "? ", "---\n",
                        "...\n", "%", "@", "`", "\t", "<<", "\\", "\u0085", "é", "\r", "8e8");
        for (int i = 0; i < 20_000; i++) {
            String text =
                    random.ints(1 + random.nextInt(20), 0, pieces.size())
                            .mapToObj(pieces::get)
                            .collect(Collectors.joining());
            try {
                new SettingsFileReader(file(), text, small()).read();
            } catch (ConfigException e) {
                assertEquals(1, e.getMessage().lines().count(), text);
            }
        }
    }

    @Test
    void the_file_is_the_one_that_is_asked_for_else_the_variables_else_the_users()
            throws IOException {
        Path configured = folder.resolve("moonglass").resolve("application.yaml");
        Files.createDirectories(configured.getParent());
        Files.createFile(configured);
        Map<String, String> both =
                Map.of("MOONGLASS_CONFIG", "/b", "XDG_CONFIG_HOME", folder.toString());
        Map<String, String> xdg = Map.of("XDG_CONFIG_HOME", folder.toString());
        Path home = folder.resolve("home");

        assertEquals(
                Optional.of(Path.of("/a")),
                SettingsFile.find(Optional.of(Path.of("/a")), both, home));
        assertEquals(Optional.of(Path.of("/b")), SettingsFile.find(Optional.empty(), both, home));
        assertEquals(Optional.of(configured), SettingsFile.find(Optional.empty(), xdg, home));

        Path ofHome = home.resolve(".config/moonglass/application.yaml");
        Files.createDirectories(ofHome.getParent());
        Files.createFile(ofHome);
        assertEquals(
                Optional.of(ofHome),
                SettingsFile.find(Optional.empty(), Map.of("MOONGLASS_CONFIG", " "), home));
    }

    private String refusal(String text) {
        return assertThrows(ConfigException.class, () -> read(text)).getMessage();
    }

    private List<SettingValue> read(String text) {
        try {
            Files.writeString(file(), text, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return SettingsFile.read(file(), small());
    }

    private Path file() {
        return folder.resolve("application.yaml");
    }

    private static SettingsCatalogue small() {
        return SmallCatalogue.SMALL;
    }
}
