package io.moonglass.loader.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.LoggedLines;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.template.PromptRenderer;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufModelTest {

    private static final Path MODEL = TestModels.tinyRandom();

    @TempDir private static Path pair;

    @TempDir private Path folder;

    private final GgufRewrite decoder = new GgufRewrite(pair.resolve("f32/decoder.gguf"));
    private final GgufRewrite vision = new GgufRewrite(pair.resolve("f32/mmproj.gguf"));

    @BeforeAll
    static void writePair() {
        GgufPair.write(MODEL, GgmlType.F32, pair.resolve("f32"), 2, (_, _, _, _) -> {});
    }

    @Test
    void a_pair_has_the_keys_that_converters_write() {
        try (GgufFile file = GgufFile.open(pair.resolve("f32/decoder.gguf"))) {
            GgufMetadata keys = file.metadata();
            TextConfig text = ModelConfig.read(MODEL).text();
            assertEquals("deepseek2", keys.string("general.architecture"));
            assertEquals(1, keys.integer("deepseek2.attention.head_count_kv"));
            assertEquals(
                    text.kvLoraRank() + text.qkRopeHeadDim(),
                    keys.integer("deepseek2.attention.key_length"));
            assertEquals(text.kvLoraRank(), keys.integer("deepseek2.attention.value_length"));
            assertEquals(
                    text.qkNopeHeadDim() + text.qkRopeHeadDim(),
                    keys.integer("deepseek2.attention.key_length_mla"));
            assertEquals(2, keys.integer("deepseek2.expert_gating_func"));
            assertEquals("gpt2", keys.string("tokenizer.ggml.model"));
            assertEquals("kimi-k2", keys.string("tokenizer.ggml.pre"));
            List<String> tokens = keys.strings("tokenizer.ggml.tokens");
            assertEquals(text.vocabSize(), tokens.size());
            assertTrue(tokens.contains("Ġ"), "a space has GPT-2's spelling");
            assertArrayEquals(
                    new long[] {text.numHeads(), text.kvLoraRank(), text.qkNopeHeadDim()},
                    file.tensor("blk.0.attn_k_b.weight").orElseThrow().shape());
        }
        try (GgufFile file = GgufFile.open(pair.resolve("f32/mmproj.gguf"))) {
            assertEquals("clip", file.metadata().string("general.architecture"));
            assertEquals("kimivl", file.metadata().string("clip.projector_type"));
            assertEquals(2, file.metadata().integer("clip.vision.projector.scale_factor"));
            assertArrayEquals(
                    new long[] {64, 64},
                    file.tensor("v.position_embd.weight").orElseThrow().shape());
        }
    }

    /// Each merge joins two tokens to a third, and every token that is longer than a byte has its merge.
    @Test
    void merges_join_tokens_to_tokens_in_the_order_of_ranks() {
        Tokenizer tokenizer = Tokenizer.read(MODEL);
        try (GgufFile file = GgufFile.open(pair.resolve("f32/decoder.gguf"))) {
            List<String> tokens = file.metadata().strings("tokenizer.ggml.tokens");
            List<String> merges = file.metadata().strings("tokenizer.ggml.merges");
            int last = -1;
            for (String merge : merges) {
                String[] parts = merge.split(" ");
                assertTrue(tokens.contains(parts[0]) && tokens.contains(parts[1]), merge);
                int joined = tokens.indexOf(parts[0] + parts[1]);
                assertTrue(joined > last, merge);
                last = joined;
            }
            assertEquals(tokenizer.numBaseTokens() - 256, merges.size());
        }
    }

    @Test
    void files_of_old_converters_are_the_same_model() throws IOException {
        TextConfig text = ModelConfig.read(MODEL).text();
        try (Checkpoint checkpoint = Checkpoint.open(MODEL)) {
            for (int layer = 0; layer < text.numLayers(); layer++) {
                String block = "blk." + layer + ".";
                String joined =
                        "language_model.model.layers." + layer + ".self_attn.kv_b_proj.weight";
                decoder.without(block + "attn_k_b.weight", block + "attn_v_b.weight");
                decoder.withFloats(
                        block + "attn_kv_b.weight",
                        checkpoint.tensor(joined).floats(),
                        checkpoint.tensor(joined).shape());
                if (text.isSparse(layer)) {
                    decoder.fuseGates(block);
                    decoder.rename(block + "exp_probs_b.bias", block + "exp_probs_b");
                }
            }
        }
        decoder.without(
                "deepseek2.attention.key_length_mla",
                "deepseek2.attention.value_length_mla",
                "deepseek2.expert_gating_func",
                "deepseek2.vocab_size",
                "tokenizer.ggml.merges");
        decoder.with("deepseek2.attention.key_length", text.qkNopeHeadDim() + text.qkRopeHeadDim());
        decoder.with("deepseek2.attention.value_length", text.vHeadDim());
        for (int block = 0; block < 2; block++) {
            for (String kind : List.of("weight", "bias")) {
                vision.rename(
                        "v.blk.%d.ffn_up.%s".formatted(block, kind),
                        "v.blk.%d.ffn_down.%s".formatted(block, kind));
            }
        }
        vision.without("clip.projector_type");
        vision.with("clip.vision.projector_type", "kimivl");

        try (GgufModel model = open();
                Checkpoint checkpoint = Checkpoint.open(MODEL)) {
            assertEquals(ModelConfig.read(MODEL), model.config());
            model.tensors()
                    .forEach((name, tensor) ->
                            assertArrayEquals(
                                    checkpoint.tensor(name).floats(), tensor.floats(), name));
            assertTrue(
                    model.takenFromFamily().contains("scoring_func is taken as sigmoid"),
                    model.takenFromFamily().toString());
        }
    }

    @Test
    void what_the_files_do_not_say_is_taken_from_the_release_that_they_name() throws IOException {
        decoder.with("general.name", "Kimi VL A3B Thinking 2506");
        decoder.without("general.sampling.temp", "tokenizer.chat_template");
        vision.without("clip.vision.image_max_pixels");

        try (GgufModel model = open()) {
            model.writeCompanions(folder);
            assertEquals(16384, PreprocessorConfig.read(folder).inTokenLimit());
            assertEquals(0.8, GenerationConfig.read(folder).samplingTemperature());
            PromptRenderer.read(folder, model.config());
            assertTrue(
                    model.takenFromFamily()
                            .containsAll(
                                    List.of(
                                            "in_token_limit is taken as 16384",
                                            "temperature is taken as 0.8",
                                            "pad_input is taken as true",
                                            "chat_template is taken as the family's")),
                    model.takenFromFamily().toString());
        }
    }

    @Test
    void a_decoder_alone_is_a_text_model() throws IOException {
        Path file = decoder.write(folder.resolve("d.gguf"));
        try (GgufModel model = GgufModel.open(file, Optional.empty())) {
            assertEquals("deepseek_v3", model.config().modelType());
            assertTrue(model.tensors().containsKey("model.layers.0.self_attn.q_proj.weight"));
            model.writeCompanions(folder);
            assertEquals(model.config(), ModelConfig.read(folder));
            assertEquals("[EOS]", TokenizerConfig.read(folder).eosToken().orElseThrow());
        }
    }

    @Test
    void files_of_other_models_are_refused_with_one_line() throws IOException {
        decoder.with("general.architecture", "llama");
        assertRefused("general.architecture", "\"deepseek2\"");
        decoder.with("general.architecture", "clip");
        assertRefused("name the decoder's file, and this one with --mmproj");
        decoder.with("general.architecture", "deepseek2");

        vision.with("clip.projector_type", "kimik25");
        assertRefused("clip.projector_type", "kimik25", "want \"kimivl\"");
        vision.with("clip.projector_type", "kimivl").with("general.architecture", "deepseek2");
        assertRefused("general.architecture", "often called mmproj");
        vision.with("general.architecture", "clip");

        decoder.with("deepseek2.expert_gating_func", 1);
        assertRefused("deepseek2.expert_gating_func", "want 2, a sigmoid");
        decoder.with("deepseek2.expert_gating_func", 2).with("deepseek2.attention.q_lora_rank", 8);
        assertRefused("deepseek2.attention.q_lora_rank");
        decoder.without("deepseek2.attention.q_lora_rank");
        decoder.with("deepseek2.rope.scaling.type", "yarn");
        assertRefused("deepseek2.rope.scaling.type", "yarn");
    }

    @Test
    void tensors_that_the_keys_do_not_make_are_refused_by_their_names() throws IOException {
        decoder.with("deepseek2.expert_count", 7);
        assertRefused("blk.1.ffn_gate_", "its keys make it [7, ");
        decoder.with("deepseek2.expert_count", 1L << 31);
        assertRefused("deepseek2.expert_count", "want an integer from 1 to 1,024");
        decoder.with("deepseek2.expert_count", 8).without("blk.2.attn_v_b.weight");
        assertRefused("no tensor blk.2.attn_v_b.weight");
    }

    @Test
    void a_vocabulary_of_another_size_or_spelling_is_refused() throws IOException {
        decoder.with("tokenizer.ggml.model", "llama");
        assertRefused("tokenizer.ggml.model", "want \"gpt2\"");
        decoder.with("tokenizer.ggml.model", "gpt2").with("tokenizer.ggml.eos_token_id", 5);
        assertRefused("tokenizer.ggml.eos_token_id", "the id of a special token");
    }

    @Test
    void a_vocabulary_without_all_bytes_is_refused_before_anything_is_packed() throws IOException {
        List<String> tokens = new ArrayList<>(decoder.tokens());
        tokens.set(tokens.indexOf("a"), "aaaaaaaaaaaaaaaaaa");
        decoder.with("tokenizer.ggml.tokens", tokens);
        assertRefused("decoder.gguf: its tokens make no vocabulary", "0x61");
    }

    /// Found by fuzzing: what a message shows of a file steers no terminal.
    @Test
    void a_template_that_cannot_be_rendered_is_refused_at_once_and_on_one_line()
            throws IOException {
        decoder.with("tokenizer.chat_template", "{% if \u001b[2J\nx");
        assertRefused(
                "decoder.gguf: key tokenizer.chat_template: ", "\\u001b[2J\\nx", "never closed");
        decoder.with("tokenizer.chat_template", "{{ raise_exception('no') }}");
        assertRefused("decoder.gguf: key tokenizer.chat_template: refuses a plain greeting");
    }

    @Test
    void sampling_that_could_not_be_loaded_later_is_refused_at_once() throws IOException {
        decoder.with("general.sampling.temp", 1).with("general.sampling.top_p", 2);
        assertRefused("decoder.gguf: top_p", "at most 1");
    }

    @Test
    void a_template_that_cannot_render_a_greeting_is_refused_before_anything_is_packed()
            throws IOException {
        for (String template :
                List.of("{% for message in messages %}", "{{ messages | no_such_filter }}")) {
            decoder.with("tokenizer.chat_template", template);
            assertRefused("decoder.gguf: key tokenizer.chat_template");
        }
    }

    @Test
    void more_layers_and_experts_than_any_model_has_are_refused_before_they_are_listed()
            throws IOException {
        decoder.with("deepseek2.block_count", 512).with("deepseek2.expert_count", 1024);
        assertRefused("512 layers of 1,024 experts");
    }

    @Test
    void what_the_publisher_says_of_sampling_goes_there_and_back() throws IOException {
        GenerationConfig wanted =
                new GenerationConfig(List.of(769, 770, 775), true, 0.7, 0.9, 40, 1.05);
        assertEquals(wanted, thereAndBack(wanted));
        wanted = new GenerationConfig(List.of(769, 770), false, 1, 0.9, 0, 1.1);
        assertEquals(wanted, thereAndBack(wanted));
    }

    @Test
    void a_penalty_that_reaches_no_token_is_none() throws IOException {
        decoder.with("general.sampling.penalty_repeat", 2);
        assertEquals(2, generation().repetitionPenalty());
        decoder.with("general.sampling.penalty_last_n", 0);
        assertEquals(1, generation().repetitionPenalty());
    }

    private GenerationConfig generation() throws IOException {
        try (GgufModel model = open()) {
            Path companions = Files.createTempDirectory(folder, "companions");
            model.writeCompanions(companions);
            return GenerationConfig.read(companions);
        }
    }

    @Test
    void an_end_that_there_is_no_key_for_is_told() throws IOException {
        List<String> lines = new ArrayList<>();
        try (var _ = LoggedLines.of(GgufPair.class, lines)) {
            GenerationConfig found =
                    thereAndBack(
                            new GenerationConfig(
                                    List.of(769, 770, 775, 776, 65), false, 1, 1, 0, 1));
            assertEquals(List.of(769, 770, 775), found.eosTokenIds());
        }
        assertEquals(2, lines.size(), lines.toString());
        assertTrue(lines.get(0).contains("eos_token_id 776 is left out"), lines.get(0));
        assertTrue(lines.get(1).contains("eos_token_id 65 is left out"), lines.get(1));
    }

    /// Through the keys of a pair.
    private GenerationConfig thereAndBack(GenerationConfig generation) throws IOException {
        Path files = Files.createTempDirectory(folder, "checkpoint");
        Path model = TestModels.copyOfTinyRandom(files);
        Files.writeString(
                model.resolve("generation_config.json"),
                """
                {"eos_token_id": %s, "do_sample": %s, "temperature": %s, "top_p": %s, "top_k": %s,
                 "repetition_penalty": %s}\
                """
                        .formatted(
                                generation.eosTokenIds(),
                                generation.doSample(),
                                generation.temperature(),
                                generation.topP(),
                                Integer.toString(generation.topK()),
                                generation.repetitionPenalty()));
        Path written = files.resolve("pair");
        GgufPair.write(model, GgmlType.Q8_0, written, 1, (_, _, _, _) -> {});
        try (GgufModel read = GgufModel.open(written.resolve(GgufPair.DECODER), Optional.empty())) {
            Path companions = Files.createDirectory(files.resolve("companions"));
            read.writeCompanions(companions);
            return GenerationConfig.read(companions);
        }
    }

    @Test
    void names_and_tokens_have_the_same_digits_on_every_machine() throws IOException {
        Locale usual = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try {
            assertEquals("\u0661", "%d".formatted(1), "digits of this locale are others");
            Path written = folder.resolve("pair");
            GgufPair.write(MODEL, GgmlType.F32, written, 1, (_, _, _, _) -> {});
            GgufRewrite rewritten = new GgufRewrite(written.resolve(GgufPair.DECODER));
            assertEquals(decoder.tokens(), rewritten.tokens());
            rewritten.with("split.no", 0).with("split.count", 1);
            Path part = rewritten.write(folder.resolve("m-00001-of-00001.gguf"));
            GgufFile.open(part).close();
        } finally {
            Locale.setDefault(usual);
        }
    }

    /// From a fixed seed: bits of the headers are turned over.
    @Test
    void a_damaged_header_is_read_or_refused() throws IOException {
        Random random = new Random(11);
        byte[] text = Files.readAllBytes(pair.resolve("f32/decoder.gguf"));
        byte[] pictures = Files.readAllBytes(pair.resolve("f32/mmproj.gguf"));
        int numRefused = 0;
        for (int i = 0; i < 300; i++) {
            Path damagedText = write("d.gguf", damaged(text, 4096, random));
            Path damagedPictures = write("v.gguf", damaged(pictures, 8192, random));
            try {
                try (GgufModel model = GgufModel.open(damagedText, Optional.of(damagedPictures))) {
                    model.checkCompanions();
                }
            } catch (ModelFormatException | ConfigException e) {
                numRefused++;
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
        assertTrue(numRefused > 100, numRefused + " of 300");
    }

    private static byte[] damaged(byte[] file, int headerBytes, Random random) {
        byte[] damaged = file.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            damaged[random.nextInt(headerBytes)] ^= (byte) (1 << random.nextInt(8));
        }
        return damaged;
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    private void assertRefused(String... parts) throws IOException {
        RuntimeException fault =
                assertThrows(
                        RuntimeException.class,
                        () -> {
                            try (GgufModel model = open()) {
                                model.checkCompanions();
                            }
                        });
        assertTrue(
                fault instanceof ModelFormatException || fault instanceof ConfigException,
                fault.toString());
        for (String part : parts) {
            assertTrue(fault.getMessage().contains(part), fault.getMessage());
        }
        assertEquals(1, fault.getMessage().lines().count());
    }

    private GgufModel open() throws IOException {
        Path files = Files.createTempDirectory(folder, "pair");
        return GgufModel.open(
                decoder.write(files.resolve("decoder.gguf")),
                Optional.of(vision.write(files.resolve("mmproj.gguf"))));
    }
}
