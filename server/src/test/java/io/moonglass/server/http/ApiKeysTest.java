package io.moonglass.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiKeysTest {

    /// SHA-256 of "abc", as FIPS 180-2 gives it in appendix B.1.
    private static final String HASH_OF_ABC =
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private static final String OTHER_HASH = "0".repeat(64);

    @TempDir private Path folder;

    @Test
    void a_key_has_the_name_that_stands_before_its_hash() throws Exception {
        ApiKeys keys =
                ApiKeys.read(
                        file(
                                "# who may ask\n\n  alice\t"
                                        + HASH_OF_ABC.toUpperCase()
                                        + "  \r\n#bob "
                                        + OTHER_HASH
                                        + "\nc.i_0-1 "
                                        + OTHER_HASH));

        assertEquals(2, keys.size());
        assertEquals(Optional.of("alice"), keys.nameOf("abc"));
        assertEquals(Optional.empty(), keys.nameOf("abcd"));
        assertEquals(Optional.empty(), keys.nameOf(""));
        assertEquals(Optional.empty(), keys.nameOf("alice"));
        assertEquals(Optional.empty(), keys.nameOf(HASH_OF_ABC));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "secret-key",
                "alice",
                "alice secret-key",
                "alice 00",
                "alice HASH secret-key",
                "alice HASH secret-key=5",
                "alice HASH max-running=0",
                "alice HASH max-running=1000000001",
                "alice HASH max-running=5 max-running=6",
                "HASH alice",
                "al:ice HASH",
                "alice g000000000000000000000000000000000000000000000000000000000000000"
            })
    void a_line_that_is_no_name_and_hash_is_named_but_not_told(String line) throws Exception {
        Path file = file("# one\n" + line.replace("HASH", OTHER_HASH) + "\n");

        String message = refusal(file);

        assertTrue(message.startsWith(file + " line 2: "), message);
        assertTrue(message.contains("64 hexadecimal digits"), message);
        assertFalse(message.contains("secret-key"), message);
    }

    @Test
    void a_name_or_a_key_that_comes_twice_is_refused() throws Exception {
        String first = "alice " + HASH_OF_ABC + "\n";

        String sameName = refusal(file(first + "\nalice " + OTHER_HASH));
        String sameKey = refusal(file(first + "bob " + HASH_OF_ABC.toUpperCase()));

        assertTrue(sameName.contains("line 3: its name is that of line 1"), sameName);
        assertTrue(sameKey.contains("line 2: its hash is that of line 1"), sameKey);
    }

    @Test
    void a_file_that_is_no_file_of_keys_is_refused() throws Exception {
        Path missing = folder.resolve("missing");
        Path latin1 = folder.resolve("latin1");
        Files.write(latin1, "# caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));

        assertTrue(refusal(missing).startsWith(missing + ": cannot be read"));
        assertTrue(refusal(latin1).startsWith(latin1 + ": cannot be read"));
        assertTrue(refusal(file("# nobody yet\n")).contains("there is no key in it"));
    }

    @Test
    void a_changed_file_is_taken_over_and_a_broken_one_is_not() throws Exception {
        Path file = file("alice " + HASH_OF_ABC);
        ApiKeys keys = ApiKeys.read(file);

        Files.writeString(file, "bob " + HASH_OF_ABC + " max-running=1");
        keys.refresh();
        Optional<String> renamed = keys.nameOf("abc");
        Files.writeString(file, "bob");
        keys.refresh();
        Optional<String> kept = keys.nameOf("abc");
        Files.delete(file);
        keys.refresh();

        assertEquals(Optional.of("bob"), renamed);
        assertEquals(Optional.of("bob"), kept);
        assertEquals(Optional.of("bob"), keys.nameOf("abc"));
        keys.useOf("bob").enter();
        assertThrows(HttpFault.class, () -> keys.useOf("bob").enter());
    }

    /// As Kubernetes replaces a mounted secret.
    @Test
    void a_link_that_is_turned_round_is_a_changed_file() throws Exception {
        Path link = folder.resolve("keys");
        Files.createSymbolicLink(link, file("alice " + HASH_OF_ABC));
        ApiKeys keys = ApiKeys.read(link);
        Path other = folder.resolve("other");
        Files.createSymbolicLink(other, file("carol " + HASH_OF_ABC));

        Files.move(
                other, link, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        keys.refresh();

        assertEquals(Optional.of("carol"), keys.nameOf("abc"));
    }

    private static String refusal(Path file) {
        return assertThrows(ConfigException.class, () -> ApiKeys.read(file)).getMessage();
    }

    private Path file(String text) throws IOException {
        return Files.writeString(Files.createTempFile(folder, "keys", null), text);
    }
}
