package io.moonglass.loader.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.gguf.GgmlType;
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
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
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
                double error = relativeError(wanted, found);
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

    private static double relativeError(float[] wanted, float[] found) {
        double squares = 0;
        double errors = 0;
        for (int i = 0; i < wanted.length; i++) {
            squares += (double) wanted[i] * wanted[i];
            errors += Math.pow((double) wanted[i] - found[i], 2);
        }
        return Math.sqrt(errors / squares);
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
        ModelFiles floats = pair(GgmlType.BF16);
        ModelFiles quantised = pair(GgmlType.Q8_0);
        long memory = 1L << 40;

        assertEquals(WeightFormat.KEEP, SuitableFormat.of(floats, memory, 1L << 30).orElseThrow());
        assertEquals(WeightFormat.Q8, SuitableFormat.of(floats, memory, 1000).orElseThrow());
        assertEquals(WeightFormat.Q4, SuitableFormat.of(floats, 1000, 1000).orElseThrow());
        assertEquals(WeightFormat.KEEP, SuitableFormat.of(quantised, 1000, 1000).orElseThrow());
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
    void the_packed_folder_names_its_sources_by_their_hashes() throws Exception {
        ModelFiles pair = pair(GgmlType.Q8_0);
        try (Checkpoint packed = Checkpoint.open(pack(pair, WeightFormat.KEEP))) {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(pair.path()));
            assertEquals(
                    HexFormat.of().formatHex(hash),
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

    private Path packCheckpoint(PanelType type) {
        Path target = folder.resolve("rounded");
        WeightFormat format = type == PanelType.Q4 ? WeightFormat.Q4 : WeightFormat.Q8;
        PackedModels.pack(MODEL, WeightFormats.of(format), target, 2, SILENT);
        return target;
    }

    private ModelFiles pair(GgmlType type) {
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
