package io.moonglass.loader.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moonglass.loader.TestModels;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {

    private static final Tokenizer TOKENIZER = Tokenizer.read(TestModels.tinyRandom());

    /// What Python's `bytes.decode("utf-8", "replace")` makes of broken sequences.
    private static final Map<String, String> PYTHON =
            Map.ofEntries(
                    Map.entry("e4bda0", "你"),
                    Map.entry("e4bd", "�"),
                    Map.entry("ff", "�"),
                    Map.entry("c080", "��"),
                    Map.entry("e08080", "���"),
                    Map.entry("eda080", "���"),
                    Map.entry("f0808080", "����"),
                    Map.entry("f4908080", "����"),
                    Map.entry("f7bfbfbf", "����"),
                    Map.entry("f09f98", "�"),
                    Map.entry("f09f9861", "�a"),
                    Map.entry("e4bd41", "�A"),
                    Map.entry("e4e4bda0", "�你"),
                    Map.entry("bf80", "��"),
                    Map.entry("c241", "�A"),
                    Map.entry("ed9f", "�"),
                    Map.entry("f48fbf", "�"),
                    Map.entry("f09f9880", "😀"),
                    Map.entry("61ff62", "a�b"));

    @Test
    void broken_bytes_are_replaced_as_python_replaces_them() {
        PYTHON.forEach(
                (hex, text) -> assertEquals(text, TOKENIZER.decode(singleBytes(hex), false), hex));
    }

    @Test
    void pushed_texts_and_the_flushed_one_are_together_the_decoded_text() {
        Random random = new Random(11);
        for (int round = 0; round < 3_000; round++) {
            int[] ids = new int[random.nextInt(30)];
            Arrays.setAll(
                    ids,
                    i ->
                            random.nextInt(8) == 0
                                    ? random.nextInt(TOKENIZER.vocabularySize())
                                    : random.nextInt(256));
            boolean skipSpecial = random.nextBoolean();
            StreamingDecoder decoder = TOKENIZER.streamingDecoder(skipSpecial);
            StringBuilder streamed = new StringBuilder();
            for (int id : ids) {
                String text = decoder.push(id);
                assertFalse(
                        !text.isEmpty()
                                && Character.isHighSurrogate(text.charAt(text.length() - 1)));
                streamed.append(text);
            }
            streamed.append(decoder.flush());
            assertEquals(TOKENIZER.decode(ids, skipSpecial), streamed.toString());
        }
    }

    @Test
    void a_character_comes_with_its_last_byte() {
        StreamingDecoder decoder = TOKENIZER.streamingDecoder(false);
        int[] ids = singleBytes("f09f9880");
        assertEquals("", decoder.push(ids[0]));
        assertEquals("", decoder.push(ids[1]));
        assertEquals("", decoder.push(ids[2]));
        assertEquals("😀", decoder.push(ids[3]));
        assertEquals("", decoder.flush());
    }

    @Test
    void a_broken_byte_holds_nothing_back() {
        StreamingDecoder decoder = TOKENIZER.streamingDecoder(false);
        assertEquals("�", decoder.push(singleBytes("ff")[0]));
        assertEquals("", decoder.push(singleBytes("e4")[0]));
        assertEquals("�a", decoder.push(singleBytes("61")[0]));
    }

    @Test
    void half_a_character_becomes_a_replacement_at_the_end_and_the_decoder_is_free_again() {
        StreamingDecoder decoder = TOKENIZER.streamingDecoder(false);
        decoder.push(singleBytes("e4")[0]);
        assertEquals("�", decoder.flush());
        assertEquals("", decoder.flush());
        assertEquals("a", decoder.push(singleBytes("61")[0]));
    }

    private static int[] singleBytes(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            for (int id = 0; id < 256; id++) {
                if (Arrays.equals(TOKENIZER.tokenBytes(id), new byte[] {bytes[i]})) {
                    ids[i] = id;
                }
            }
        }
        return ids;
    }
}
