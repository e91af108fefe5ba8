package io.moonglass.loader.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class VocabularyTest {

    @Test
    void every_token_is_found_under_its_rank() throws IOException {
        Vocabulary vocabulary = Vocabulary.parse(tiny());
        assertEquals(768, vocabulary.size());
        for (int rank = 0; rank < vocabulary.size(); rank++) {
            byte[] token = vocabulary.bytes(rank);
            assertEquals(rank, vocabulary.rank(token, 0, token.length));
        }
        assertEquals(Vocabulary.NONE, vocabulary.rank(new byte[] {'q', 'q', 'q'}, 0, 3));
        assertEquals(Vocabulary.NONE, vocabulary.rank(new byte[10_000], 0, 10_000));
    }

    @Test
    void windows_line_ends_and_a_missing_last_one_do_no_harm() throws IOException {
        String file = new String(tiny(), StandardCharsets.US_ASCII).strip();
        Vocabulary vocabulary =
                Vocabulary.parse(file.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
        assertEquals(768, vocabulary.size());
        assertArrayEquals(new byte[] {'!'}, vocabulary.bytes(0));
    }

    @Test
    void damage_is_refused_with_the_line_where_it_is() throws IOException {
        refused(
                "line 1 does not begin with a token in base64",
                file -> file.replaceFirst("IQ==", "I%=="));
        refused(
                "line 1 does not begin with a token in base64",
                file -> file.replaceFirst("IQ==", "IQ"));
        refused(
                "line 1 does not begin with a token in base64",
                file -> file.replaceFirst("IQ==", ""));
        refused("line 1 is no base64, space, rank", file -> file.replaceFirst("IQ== 0", "IQ==0"));
        refused("line 1 is no base64, space, rank", file -> file.replaceFirst("IQ== 0", "IQ== "));
        refused("line 1 is no base64, space, rank", file -> file.replaceFirst("IQ== 0", "IQ== x"));
        refused("line 1 is no base64, space, rank", file -> file.replaceFirst("IQ== 0", "IQ== -1"));
        refused("line 1 is no base64, space, rank", file -> file.replaceFirst("IQ== 0", "IQ== 0 "));
        refused(
                "line 1 is no base64, space, rank",
                file -> file.replaceFirst("IQ== 0", "IQ== 99999999999999"));
        refused("line 2 has rank 2; want 1", file -> file.replaceFirst("Ig== 1\n", ""));
        refused("line 2 has rank 0; want 1", file -> file.replaceFirst("Ig== 1\n", "Ig== 0\n"));
        refused("line 2 has rank 3; want 1", file -> file.replaceFirst("Ig== 1\n", "Ig== 3\n"));
    }

    @Test
    void a_token_that_comes_twice_is_refused() throws IOException {
        refused("ranks 0 and 1 are the same token", file -> file.replaceFirst("Ig==", "IQ=="));
    }

    @Test
    void a_vocabulary_without_one_of_the_single_bytes_is_refused() throws IOException {
        refused(
                "of 768 tokens none is the single byte 0x21",
                file -> file.replaceFirst("IQ==", "ISEhISEhISEhISEh"));
        refused("of 0 tokens none is the single byte 0x00", file -> "");
    }

    private static void refused(String message, UnaryOperator<String> damage) throws IOException {
        String file = damage.apply(new String(tiny(), StandardCharsets.US_ASCII));
        ModelFormatException e =
                assertThrows(
                        ModelFormatException.class,
                        () -> Vocabulary.parse(file.getBytes(StandardCharsets.US_ASCII)));
        assertTrue(e.getMessage().startsWith("tiktoken.model: " + message), e.getMessage());
    }

    private static byte[] tiny() throws IOException {
        return Files.readAllBytes(TestModels.tinyRandom().resolve("tiktoken.model"));
    }
}
