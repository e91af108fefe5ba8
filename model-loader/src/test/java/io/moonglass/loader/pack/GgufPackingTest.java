package io.moonglass.loader.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.moonglass.loader.LoggedLines;
import io.moonglass.loader.RelativeError;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.loader.gguf.GgufFile;
import io.moonglass.loader.gguf.GgufPair;
import io.moonglass.loader.gguf.GgufRewrite;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.loader.safetensors.RowFile;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.PanelType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GgufPackingTest {

    private static final PackProgress SILENT = (_, _, _, _) -> {};
    private static final Path MODEL = TestModels.tinyRandom();

    @TempDir private Path folder;

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void a_pair_of_floats_has_every_number_of_its_checkpoint(GgmlType type) {
        try (Checkpoint source = Checkpoint.open(MODEL);
                Checkpoint packed = Checkpoint.open(pack(pair(type), WeightFormat.KEEP))) {
            TensorShapes.of(source.config())
                    .forEach((name, shape) -> {
                        assertArrayEquals(shape, packed.tensor(name).shape(), name);
                        assertArrayEquals(
                                source.tensor(name).floats(), packed.tensor(name).floats(), name);
                    });
        }
    }

    @Test
    void configuration_and_tokens_come_back_from_the_keys() {
        Path packed = pack(pair(GgmlType.F32), WeightFormat.KEEP);

        assertEquals(ModelConfig.read(MODEL), ModelConfig.read(packed));
        PreprocessorConfig wanted = PreprocessorConfig.read(MODEL);
        PreprocessorConfig found = PreprocessorConfig.read(packed);
        assertEquals(wanted.inTokenLimit(), found.inTokenLimit());
        assertArrayEquals(wanted.imageMean(), found.imageMean());
        assertTrue(found.padInput());
        Tokenizer before = Tokenizer.read(MODEL);
        Tokenizer after = Tokenizer.read(packed);
        assertEquals(before.numBaseTokens(), after.numBaseTokens());
        for (int id = 0; id < before.vocabularySize(); id++) {
            assertArrayEquals(before.tokenBytes(id), after.tokenBytes(id));
        }
        assertEquals(
                before.stopIds(GenerationConfig.read(MODEL)),
                after.stopIds(GenerationConfig.read(packed)));
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0"})
    void blocks_become_panels_without_loss(GgmlType type) {
        PanelType panels = type == GgmlType.Q4_0 ? PanelType.Q4 : PanelType.Q8;
        String name = "language_model.model.layers.1.mlp.experts.3.gate_proj.weight";
        ModelFiles pair = pair(type);
        try (Checkpoint packed = Checkpoint.open(pack(pair, WeightFormat.KEEP));
                Checkpoint rounded = Checkpoint.open(packCheckpoint(panels))) {
            assertEquals(panels, packed.panels(name).orElseThrow().type());
            assertArrayEquals(rows(rounded, name), rows(packed, name));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_1"})
    void the_table_of_tokens_stays_in_blocks_that_panels_hold(GgmlType type) throws IOException {
        String stored = "token_embd.weight";
        String name = "language_model.model.embed_tokens.weight";
        ModelFiles pair = pair(GgmlType.Q8_0);
        GgufRewrite decoder = new GgufRewrite(pair.path());
        long[] shape = decoder.shape(stored);
        decoder.withBlocks(stored, type, blocks(type, shape[0] * shape[1]), shape);
        decoder.write(pair.path());
        float[] wanted = new GgufRewrite(pair.path()).floats(stored);

        try (Checkpoint packed = Checkpoint.open(pack(pair, WeightFormat.KEEP));
                Arena arena = Arena.ofConfined()) {
            assertEquals(type != GgmlType.Q5_1, packed.panels(name).isPresent());
            RowFile rows = packed.rows(name, (int) shape[0], (int) shape[1]);
            FloatMatrix found = FloatMatrix.allocate(arena, (int) shape[0], (int) shape[1]);
            for (int row = (int) shape[0] - 1; row >= 0; row--) {
                rows.read(row, found, row);
            }
            float[] values = found.toArray();
            float tolerance = type == GgmlType.Q5_1 ? 0.004f : 0; // of a bfloat16
            for (int i = 0; i < wanted.length; i++) {
                assertEquals(wanted[i], values[i], tolerance * Math.abs(wanted[i]), "at " + i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_1", "Q5_0", "Q5_1", "IQ4_NL"})
    void other_blocks_go_where_most_of_them_is_kept(GgmlType type) throws IOException {
        String stored = "blk.1.attn_q.weight";
        String name = "language_model.model.layers.1.self_attn.q_proj.weight";
        ModelFiles pair = pair(GgmlType.Q4_0);
        GgufRewrite decoder = new GgufRewrite(pair.path());
        long[] shape = decoder.shape(stored);
        byte[] blocks = blocks(type, shape[0] * shape[1]);
        decoder.withBlocks(stored, type, blocks, shape);
        decoder.write(pair.path());

        Path target = folder.resolve("packed");
        PackReport.Tensor tensor =
                pack(pair, target).tensors().stream()
                        .filter(one -> one.name().equals(stored))
                        .findFirst()
                        .orElseThrow();

        float[] wanted = new GgufRewrite(pair.path()).floats(stored);
        try (Checkpoint packed = Checkpoint.open(target)) {
            boolean isAffine = type == GgmlType.Q4_1;
            assertEquals(
                    isAffine ? PanelType.Q4A : PanelType.Q8,
                    packed.panels(name).orElseThrow().type());
            float[] found = rows(packed, name);
            if (type == GgmlType.Q5_1) {
                double error = RelativeError.of(wanted, found);
                assertEquals(
                        error, tensor.relativeError(), 0.1 * error, "measured on half of the rows");
                assertTrue(error < 0.005, type + " lost " + error);
            } else {
                assertArrayEquals(wanted, found);
                assertEquals(0, tensor.relativeError());
            }
        }
    }

    /// Of a file of an old converter, whose `attn_kv_b` is not cut in two.
    @Test
    void keys_and_values_of_latents_are_those_of_the_packed_checkpoint() throws IOException {
        ModelFiles pair = pair(GgmlType.Q8_0);
        GgufRewrite decoder = new GgufRewrite(pair.path());
        String attention = "language_model.model.layers.1.self_attn.";
        try (Checkpoint source = Checkpoint.open(MODEL)) {
            StoredTensor joined = source.tensor(attention + "kv_b_proj.weight");
            decoder.without("blk.1.attn_k_b.weight", "blk.1.attn_v_b.weight");
            decoder.withFloats("blk.1.attn_kv_b.weight", joined.floats(), joined.shape());
        }
        decoder.write(pair.path());

        try (Checkpoint packed = Checkpoint.open(pack(pair, WeightFormat.KEEP));
                Checkpoint rounded = Checkpoint.open(packCheckpoint(PanelType.Q8))) {
            for (String part : List.of("kv_b_proj.weight", "k_b_proj.weight")) {
                assertArrayEquals(
                        rows(rounded, attention + part), rows(packed, attention + part), part);
            }
        }
    }

    /// Random numbers, and scales of about a hundredth.
    private static byte[] blocks(GgmlType type, long size) {
        byte[] blocks = new byte[Math.toIntExact(type.bytes(size))];
        new Random(7).nextBytes(blocks);
        int numHalves = type == GgmlType.Q4_1 || type == GgmlType.Q5_1 ? 2 : 1;
        for (int at = 0; at < blocks.length; at += type.blockBytes()) {
            for (int half = 0; half < numHalves; half++) {
                blocks[at + 2 * half + 1] = 0x20; // 2^-7, with random bits below
            }
        }
        return blocks;
    }

    @Test
    void a_pair_can_be_packed_in_another_format_than_its_own() {
        try (Checkpoint packed = Checkpoint.open(pack(pair(GgmlType.Q8_0), WeightFormat.Q4))) {
            String name = "language_model.model.layers.1.mlp.experts.3.gate_proj.weight";
            assertEquals(PanelType.Q4, packed.panels(name).orElseThrow().type());
            assertEquals("q4", packed.manifest().orElseThrow().weights());
        }
    }

    @Test
    void small_pairs_of_floats_and_all_that_are_quantised_keep_their_numbers() {
        long memory = 1L << 40;
        try (GgufSource floats = GgufSource.open(pair(GgmlType.BF16), 1);
                GgufSource quantised = GgufSource.open(pair(GgmlType.Q8_0), 1)) {
            assertEquals(WeightFormat.KEEP, SuitableFormat.of(floats, memory, 1L << 30));
            assertEquals(WeightFormat.Q8, SuitableFormat.of(floats, memory, 1000));
            assertEquals(WeightFormat.Q4, SuitableFormat.of(floats, 1000, 1000));
            assertEquals(WeightFormat.KEEP, SuitableFormat.of(quantised, 1000, 1000));
        }
    }

    @Test
    void a_pair_is_packed_once_and_again_when_it_has_changed() throws IOException {
        ModelFiles pair = pair(GgmlType.Q8_0);
        PackCache cache = new PackCache(folder.resolve("cache"));
        int[] numPackings = {0};
        PackProgress counting = (done, _, _, _) -> numPackings[0] += done == 1 ? 1 : 0;
        Path first = cache.packed(pair, WeightFormat.KEEP, 2, counting);
        Path second = cache.packed(pair, WeightFormat.KEEP, 2, counting);
        Files.setLastModifiedTime(pair.path(), FileTime.fromMillis(1_000_000));
        Path third = cache.packed(pair, WeightFormat.KEEP, 2, counting);

        assertEquals(first, second);
        assertNotEquals(first, third);
        assertEquals(2, numPackings[0]);
        assertTrue(first.getFileName().toString().startsWith("decoder-keep-"), first.toString());
    }

    @Test
    void every_start_opens_each_file_once() {
        ModelFiles pair = pair(GgmlType.Q8_0);
        ChosenWeights chosen =
                new ChosenWeights(new WeightChoice.Suitable(), folder.resolve("cache"));
        for (int start = 0; start < 2; start++) {
            List<String> opened = new ArrayList<>();
            try (var _ = LoggedLines.of(GgufFile.class, opened)) {
                chosen.of(pair, 2, SILENT);
            }
            assertEquals(2, opened.size(), opened.toString());
        }
    }

    @Test
    void a_start_that_finds_its_model_packed_builds_no_tokenizer() throws IOException {
        ModelFiles pair = pair(GgmlType.Q8_0);
        PackCache cache = new PackCache(folder.resolve("cache"));
        Path packed = cache.packed(pair, WeightFormat.KEEP, 2, SILENT);
        FileTime time = Files.getLastModifiedTime(pair.path());
        GgufRewrite decoder = new GgufRewrite(pair.path());
        List<String> tokens = new ArrayList<>(decoder.tokens());
        tokens.set(tokens.indexOf("a"), "b"); // no vocabulary any more, in a file as long as before
        decoder.with("tokenizer.ggml.tokens", tokens);
        decoder.write(pair.path());
        Files.setLastModifiedTime(pair.path(), time);

        assertEquals(packed, cache.packed(pair, WeightFormat.KEEP, 2, SILENT));
        assertThrows(
                ModelFormatException.class, () -> cache.packed(pair, WeightFormat.Q4, 2, SILENT));
    }

    @Test
    void what_could_not_be_loaded_later_is_refused_before_a_tensor_is_packed() throws IOException {
        ModelFiles pair = pair(GgmlType.Q8_0);
        GgufRewrite decoder = new GgufRewrite(pair.path());
        decoder.with("tokenizer.chat_template", "{% for message in messages %}");
        decoder.write(pair.path());

        ModelFormatException fault =
                assertThrows(
                        ModelFormatException.class,
                        () ->
                                PackedModels.pack(
                                        pair,
                                        WeightFormats.of(WeightFormat.KEEP),
                                        folder.resolve("packed"),
                                        2,
                                        (_, _, _, _) -> fail("a tensor was packed")));
        assertEquals(1, fault.getMessage().lines().count(), fault.getMessage());
    }

    @Test
    void a_model_counts_as_large_as_what_it_is_computed_from() throws IOException {
        Path cache = folder.resolve("cache");
        ModelFiles pair = pair(GgmlType.Q8_0);
        for (WeightFormat format : List.of(WeightFormat.KEEP, WeightFormat.F32, WeightFormat.Q4)) {
            ChosenWeights chosen = new ChosenWeights(new WeightChoice.Packed(format), cache);
            for (ModelFiles model : List.of(pair, new ModelFiles.Folder(MODEL))) {
                long wanted =
                        Files.size(
                                chosen.of(model, 2, SILENT).folder().resolve(Packer.WEIGHTS_FILE));
                long header = wanted - chosen.bytes(model);
                assertTrue(header > 0 && header < 50_000, model + " as " + format + ": " + header);
            }
            assertEquals(0, chosen.bytes(new ModelFiles.Folder(folder.resolve("nowhere"))));
            Path missing = folder.resolve("nowhere.gguf");
            assertEquals(0, chosen.bytes(new ModelFiles.Gguf(missing, Optional.empty())));
        }
    }

    @Test
    void files_of_one_name_in_two_folders_are_told_apart() throws Exception {
        ModelFiles.Gguf pair = pair(GgmlType.Q8_0);
        Path decoder = Files.createDirectories(folder.resolve("a/x")).resolve("model.gguf");
        Path vision = Files.createDirectories(folder.resolve("b/x")).resolve("model.gguf");
        Files.move(pair.decoder(), decoder);
        Files.move(pair.vision().orElseThrow(), vision);

        try (Checkpoint packed =
                Checkpoint.open(
                        pack(
                                new ModelFiles.Gguf(decoder, Optional.of(vision)),
                                WeightFormat.KEEP))) {
            assertEquals(
                    Map.of("a/x/model.gguf", sha256(decoder), "b/x/model.gguf", sha256(vision)),
                    packed.manifest().orElseThrow().sources());
        }
    }

    private static String sha256(Path file) throws Exception {
        return HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }

    @Test
    void the_packed_folder_names_its_sources_by_their_hashes() throws Exception {
        ModelFiles pair = pair(GgmlType.Q8_0);
        try (Checkpoint packed = Checkpoint.open(pack(pair, WeightFormat.KEEP))) {
            assertEquals(
                    sha256(pair.path()),
                    packed.manifest().orElseThrow().sources().get("decoder.gguf"));
            assertEquals(2, packed.manifest().orElseThrow().sources().size());
        }
    }

    @Test
    void a_scale_that_is_no_number_is_refused_by_its_tensor() throws IOException {
        ModelFiles pair = pair(GgmlType.Q8_0);
        GgufRewrite decoder = new GgufRewrite(pair.path());
        long[] shape = decoder.shape("blk.1.attn_q.weight");
        byte[] blocks = new byte[(int) GgmlType.Q8_0.bytes(shape[0] * shape[1])];
        blocks[1] = 0x7c; // an infinite float16
        decoder.withBlocks("blk.1.attn_q.weight", GgmlType.Q8_0, blocks, shape);
        decoder.write(pair.path());

        ModelFormatException fault =
                assertThrows(
                        ModelFormatException.class, () -> pack(pair, folder.resolve("packed")));
        assertTrue(
                fault.getMessage()
                        .startsWith(
                                "decoder.gguf: tensor blk.1.attn_q.weight, the panel of row 0: "),
                fault.getMessage());
        assertFalse(Files.exists(folder.resolve("packed")));
    }

    @Test
    void a_pair_is_not_made_from_what_is_packed_nor_over_what_is_there() throws IOException {
        Path packed = packCheckpoint(PanelType.Q8);
        ConfigException fault =
                assertThrows(
                        ConfigException.class,
                        () -> GgufPair.write(packed, GgmlType.F32, folder.resolve("x"), 1, SILENT));
        assertTrue(fault.getMessage().contains("packed already, as q8"), fault.getMessage());
        assertFalse(Files.exists(folder.resolve("x")));
        assertThrows(
                ConfigException.class,
                () -> GgufPair.write(MODEL, GgmlType.F32, packed, 1, SILENT));
    }

    @Test
    void a_pair_whose_writing_is_cut_off_leaves_nothing() throws IOException {
        PackProgress cut =
                (numTensors, numTensorsAll, _, _) -> {
                    if (numTensors == numTensorsAll) {
                        throw new IllegalStateException("cut off");
                    }
                };
        Path target = folder.resolve("new/pair");
        assertThrows(
                IllegalStateException.class,
                () -> GgufPair.write(MODEL, GgmlType.F32, target, 1, cut));
        try (Stream<Path> left = Files.list(target.getParent())) {
            assertEquals(List.of(), left.toList());
        }
        GgufPair.write(MODEL, GgmlType.F32, target, 1, SILENT);
        try (Stream<Path> files = Files.list(target)) {
            assertEquals(
                    List.of(target.resolve(GgufPair.DECODER), target.resolve(GgufPair.VISION)),
                    files.sorted().toList());
        }
    }

    @Test
    void what_a_killed_run_left_of_a_pair_is_not_in_the_way_of_the_next() throws Exception {
        Path target = folder.resolve("pair");
        Process killed =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--add-modules=jdk.incubator.vector",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                KilledRun.class.getName(),
                                target.toString())
                        .inheritIO()
                        .start();
        assertEquals(KilledRun.EXIT_CODE, killed.waitFor());

        GgufPair.write(MODEL, GgmlType.F32, target, 1, SILENT);
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(target), left.toList());
        }
    }

    /// A process that ends in the middle of its work.
    static final class KilledRun {

        static final int EXIT_CODE = 7;

        public static void main(String[] arguments) {
            GgufPair.write(
                    MODEL,
                    GgmlType.F32,
                    Path.of(arguments[0]),
                    1,
                    (_, _, _, _) -> Runtime.getRuntime().halt(EXIT_CODE));
        }
    }

    private Path packCheckpoint(PanelType type) {
        Path target = folder.resolve("rounded");
        WeightFormat format = type == PanelType.Q4 ? WeightFormat.Q4 : WeightFormat.Q8;
        PackedModels.pack(MODEL, WeightFormats.of(format), target, 2, SILENT);
        return target;
    }

    private ModelFiles.Gguf pair(GgmlType type) {
        Path pair = folder.resolve(type.name());
        GgufPair.write(MODEL, type, pair, 2, SILENT);
        return new ModelFiles.Gguf(
                pair.resolve(GgufPair.DECODER), Optional.of(pair.resolve(GgufPair.VISION)));
    }

    private Path pack(ModelFiles model, WeightFormat format) {
        Path target = folder.resolve("packed");
        PackedModels.pack(model, WeightFormats.of(format), target, 2, SILENT);
        return target;
    }

    private static PackReport pack(ModelFiles model, Path target) {
        return PackedModels.pack(model, WeightFormats.of(WeightFormat.KEEP), target, 2, SILENT);
    }

    private static float[] rows(Checkpoint checkpoint, String name) {
        PackManifest.PanelShape shape = checkpoint.panels(name).orElseThrow();
        PanelMatrix matrix =
                checkpoint.panels(name, shape.numRows(), shape.numColumns()).orElseThrow();
        float[] rows = new float[matrix.numRows() * matrix.numColumns()];
        for (int row = 0; row < matrix.numRows(); row++) {
            matrix.widenRow(row, rows, row * matrix.numColumns());
        }
        return rows;
    }
}
