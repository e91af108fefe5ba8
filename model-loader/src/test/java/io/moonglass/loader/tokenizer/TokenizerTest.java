package io.moonglass.loader.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.fault.ModelFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {

    private static final Tokenizer TOKENIZER = Tokenizer.read(TestModels.tinyRandom());

    @Test
    void recorded_texts_have_their_recorded_ids() throws IOException {
        int checked = 0;
        for (JsonNode vector : golden("tokenizer_vectors.json")) {
            String text = vector.get("text").textValue();
            assertArrayEquals(ints(vector.get("ids")), TOKENIZER.encode(text), text);
            assertArrayEquals(
                    ints(vector.get("ids_no_special")), TOKENIZER.encodeOrdinary(text), text);
            checked++;
        }
        assertEquals(57, checked);
    }

    @Test
    void recorded_texts_are_cut_into_their_recorded_pieces() throws IOException {
        for (JsonNode vector : golden("tokenizer_vectors.json")) {
            String text = vector.get("text").textValue();
            List<String> pieces = new ArrayList<>();
            vector.get("pieces_no_special").forEach(piece -> pieces.add(piece.textValue()));
            assertEquals(pieces, PieceSplitterTest.pieces(text), text);
        }
    }

    @Test
    void ids_of_a_text_decode_to_the_text() throws IOException {
        for (JsonNode vector : golden("tokenizer_vectors.json")) {
            String text = vector.get("text").textValue();
            assertEquals(text, TOKENIZER.decode(TOKENIZER.encode(text), false));
            assertEquals(text, TOKENIZER.decode(TOKENIZER.encodeOrdinary(text), true));
        }
    }

    @Test
    void generated_ids_decode_to_the_recorded_text() throws IOException {
        for (JsonNode prompt : golden("prompts.json").get("prompts")) {
            assertEquals(
                    prompt.get("new_text").textValue(),
                    TOKENIZER.decode(ints(prompt.get("new_ids")), false));
        }
    }

    @Test
    void special_tokens_follow_the_ordinary_ones_and_two_lie_beyond_the_embedding_table() {
        assertEquals(768, TOKENIZER.numBaseTokens());
        assertEquals(1026, TOKENIZER.vocabularySize());
        assertFalse(TOKENIZER.isSpecial(767));
        assertTrue(TOKENIZER.isSpecial(768));
        assertTrue(TOKENIZER.isSpecial(1025));
        assertFalse(TOKENIZER.isSpecial(1026));
        assertArrayEquals(
                new int[] {1024, 1025},
                TOKENIZER.encode("<|reserved_token_1024|><|reserved_token_1025|>"));
    }

    @Test
    void special_tokens_are_known_by_name() {
        assertEquals(OptionalInt.of(789), TOKENIZER.specialId("<|media_pad|>"));
        assertEquals(OptionalInt.of(773), TOKENIZER.specialId("<|reserved_token_773|>"));
        assertEquals(OptionalInt.empty(), TOKENIZER.specialId("<|reserved_token_770|>"));
        assertEquals("<|im_end|>", new String(TOKENIZER.tokenBytes(770), StandardCharsets.UTF_8));
        assertEquals(258, TOKENIZER.specialNames().size());
    }

    @Test
    void skipped_special_tokens_leave_no_text() {
        int[] ids = TOKENIZER.encode("a<|im_end|>b");
        assertEquals("ab", TOKENIZER.decode(ids, true));
        assertEquals("a<|im_end|>b", TOKENIZER.decode(ids, false));
    }

    @Test
    void the_longest_of_several_special_tokens_at_one_place_counts() {
        Tokenizer tokenizer = withSpecials(new TreeMap<>(Map.of(768, "<a", 769, "<ab>")));
        assertArrayEquals(new int[] {769}, tokenizer.encode("<ab>"));
        assertEquals(768, tokenizer.encode("<ac>")[0]);
    }

    @Test
    void segments_are_together_the_whole_text() {
        assertEquals(
                List.of(
                        new TextSegment("a<|im_", OptionalInt.empty()),
                        new TextSegment("[EOS]", OptionalInt.of(769)),
                        new TextSegment("<|im_end|>", OptionalInt.of(770)),
                        new TextSegment("b", OptionalInt.empty())),
                TOKENIZER.segments("a<|im_[EOS]<|im_end|>b"));
        assertEquals(List.of(), TOKENIZER.segments(""));
    }

    @Test
    void lone_surrogates_are_encoded_as_the_replacement_character() {
        int[] replacement = TOKENIZER.encodeOrdinary("�");
        assertArrayEquals(replacement, TOKENIZER.encodeOrdinary("\uD83D"));
        assertArrayEquals(replacement, TOKENIZER.encodeOrdinary("\uDE00"));
    }

    @Test
    void a_million_characters_of_anything_are_encoded_and_decode_to_themselves() {
        for (String unit :
                List.of(
                        "a", "A", "7", " ", "\n", "😀", "\u0301", "中", "!", "'s", "ªA", " \n", "ー",
                        "\0")) {
            String text = unit.repeat(1_000_000 / unit.length());
            assertEquals(text, TOKENIZER.decode(TOKENIZER.encode(text), false), unit);
        }
    }

    @Test
    void stop_ids_are_those_with_known_names_and_those_of_the_file() {
        assertEquals(Set.of(769, 770, 777), TOKENIZER.stopIds(GenerationConfig.NEUTRAL));
        assertEquals(
                Set.of(5, 769, 770, 777),
                TOKENIZER.stopIds(new GenerationConfig(List.of(5, 769), false, 1, 1, 0, 1)));
    }

    @Test
    void a_stop_id_that_does_not_exist_is_refused() {
        ModelFormatException e =
                assertThrows(
                        ModelFormatException.class,
                        () ->
                                TOKENIZER.stopIds(
                                        new GenerationConfig(List.of(1026), false, 1, 1, 0, 1)));
        assertTrue(e.getMessage().contains("1026"), e.getMessage());
    }

    @Test
    void an_id_that_does_not_exist_is_refused() {
        for (int id : new int[] {-1, 1026, Integer.MAX_VALUE}) {
            IllegalArgumentException e =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> TOKENIZER.decode(new int[] {id}, false));
            assertEquals("token id %d; want 0 to 1025".formatted(id), e.getMessage());
        }
    }

    @Test
    void a_name_for_an_ordinary_token_or_one_out_of_range_is_refused() {
        for (int id : new int[] {0, 767, 1026}) {
            SortedMap<Integer, String> names = new TreeMap<>(Map.of(id, "<|x|>"));
            ModelFormatException e =
                    assertThrows(ModelFormatException.class, () -> withSpecials(names));
            assertTrue(e.getMessage().contains("768 to 1025"), e.getMessage());
        }
    }

    @Test
    void one_name_for_two_ids_is_refused() {
        assertThrows(
                ModelFormatException.class,
                () -> withSpecials(new TreeMap<>(Map.of(768, "<|x|>", 769, "<|x|>"))));
    }

    @Test
    void a_checkpoint_without_a_vocabulary_is_refused(@TempDir Path directory) throws IOException {
        Files.copy(
                TestModels.tinyRandom().resolve("tokenizer_config.json"),
                directory.resolve("tokenizer_config.json"));
        ModelFormatException e =
                assertThrows(ModelFormatException.class, () -> Tokenizer.read(directory));
        assertTrue(e.getMessage().startsWith("tiktoken.model: no such file"), e.getMessage());
    }

    private static Tokenizer withSpecials(SortedMap<Integer, String> names) {
        try {
            return Tokenizer.of(
                    Files.readAllBytes(TestModels.tinyRandom().resolve("tiktoken.model")),
                    new TokenizerConfig(
                            names,
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode golden(String file) throws IOException {
        return new ObjectMapper().readTree(TestModels.golden().resolve(file).toFile());
    }

    private static int[] ints(JsonNode list) {
        int[] ints = new int[list.size()];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = list.get(i).intValue();
        }
        return ints;
    }
}
