package io.moonglass.loader.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.PanelType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PackedModelsTest {

    private static final PackProgress SILENT = (_, _, _, _) -> {};
    private static final String QUERY = "language_model.model.layers.0.self_attn.q_proj.weight";

    @TempDir private Path folder;

    @ParameterizedTest
    @EnumSource(WeightFormat.class)
    void a_packed_model_holds_every_tensor_of_its_source(WeightFormat format) {
        try (Checkpoint source = Checkpoint.open(TestModels.tinyRandom());
                Checkpoint packed = Checkpoint.open(pack(format))) {
            assertEquals(format.spelling(), packed.manifest().orElseThrow().weights());
            for (StoredTensor tensor : source.tensors()) {
                StoredTensor stored = packed.tensor(tensor.name());
                if (packed.panels(tensor.name()).isEmpty()) {
                    assertArrayEquals(tensor.shape(), stored.shape(), tensor.name());
                    assertArrayEquals(tensor.floats(), stored.floats(), tensor.name());
                }
            }
        }
    }

    @Test
    void large_matrices_become_panels_and_the_router_stays_exact() {
        try (Checkpoint packed = Checkpoint.open(pack(WeightFormat.Q4))) {
            var shape = packed.panels(QUERY).orElseThrow();
            assertInstanceOf(
                    PanelMatrix.class, packed.weight(QUERY, shape.numRows(), shape.numColumns()));
            assertThrows(
                    ModelFormatException.class,
                    () -> packed.weight(QUERY, shape.numRows(), shape.numColumns() + 1));
            assertEquals(
                    ElementKind.F32,
                    packed.tensor("language_model.model.layers.1.mlp.gate.weight").kind());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8", "Q4"})
    void pictures_get_eight_bits_at_least_and_their_embedding_stays_as_it_was(WeightFormat format) {
        try (Checkpoint packed = Checkpoint.open(pack(format))) {
            for (String name :
                    List.of(
                            "vision_tower.encoder.blocks.0.wqkv.weight",
                            "vision_tower.encoder.blocks.1.mlp.fc1.weight",
                            "multi_modal_projector.linear_2.weight")) {
                assertEquals(PanelType.Q8, packed.panels(name).orElseThrow().type(), name);
            }
            assertEquals(
                    ElementKind.BF16, packed.tensor("vision_tower.patch_embed.proj.weight").kind());
            assertEquals(
                    ElementKind.F32,
                    packed.tensor("vision_tower.encoder.blocks.0.wqkv.bias").kind());
        }
    }

    @Test
    void what_expands_latents_to_keys_is_there_transposed_as_well() {
        String prefix = "language_model.model.layers.1.self_attn.";
        try (Checkpoint source = Checkpoint.open(TestModels.tinyRandom());
                Checkpoint packed = Checkpoint.open(pack(WeightFormat.Q4))) {
            TextConfig text = source.config().text();
            int rank = text.kvLoraRank();
            int nope = text.qkNopeHeadDim();
            int headRows = nope + text.vHeadDim();
            float[] joined = source.tensor(prefix + "kv_b_proj.weight").floats();
            PanelMatrix keys =
                    packed.panels(prefix + "k_b_proj.weight", text.numHeads() * rank, nope)
                            .orElseThrow();
            PanelMatrix whole =
                    packed.panels(prefix + "kv_b_proj.weight", text.numHeads() * headRows, rank)
                            .orElseThrow();
            for (int head = 0; head < text.numHeads(); head++) {
                float[] headKeys = rows(keys.rows(head * rank, rank));
                float[] headWhole = rows(whole.rows(head * headRows, headRows));
                for (int column = 0; column < rank; column++) {
                    for (int i = 0; i < headRows; i++) {
                        float stored = joined[(head * headRows + i) * rank + column];
                        assertEquals(stored, headWhole[i * rank + column], 5e-3f);
                        if (i < nope) {
                            assertEquals(stored, headKeys[column * nope + i], 5e-3f);
                        }
                    }
                }
            }
        }
    }

    private static float[] rows(PanelMatrix matrix) {
        float[] rows = new float[matrix.numRows() * matrix.numColumns()];
        for (int row = 0; row < matrix.numRows(); row++) {
            matrix.widenRow(row, rows, row * matrix.numColumns());
        }
        return rows;
    }

    @Test
    void a_run_that_is_cut_off_leaves_nothing() {
        Path target = folder.resolve("packed");
        PackProgress cut =
                (numTensors, _, _, _) -> {
                    if (numTensors == 20) {
                        throw new IllegalStateException("killed");
                    }
                };
        assertThrows(
                IllegalStateException.class,
                () ->
                        PackedModels.pack(
                                TestModels.tinyRandom(),
                                WeightFormats.of(WeightFormat.Q8),
                                target,
                                2,
                                cut));
        assertEquals(List.of(), list(folder));

        PackedModels.pack(
                TestModels.tinyRandom(), WeightFormats.of(WeightFormat.Q8), target, 2, SILENT);
        Checkpoint.open(target).close();
        assertEquals(List.of(target), list(folder));
    }

    @Test
    void what_is_there_is_never_overwritten() {
        Path packed = pack(WeightFormat.Q8);
        ConfigException fault = assertThrows(ConfigException.class, () -> pack(WeightFormat.Q8));
        assertTrue(fault.getMessage().contains("it is there already"), fault.getMessage());
        assertThrows(
                ConfigException.class,
                () ->
                        PackedModels.pack(
                                packed,
                                WeightFormats.of(WeightFormat.Q4),
                                folder.resolve("again"),
                                1,
                                SILENT));
    }

    @Test
    void what_is_packed_as_floats_is_packed_again_as_its_checkpoint_would_be() {
        Path floats = pack(WeightFormat.F32);
        Path again = folder.resolve("again");
        PackedModels.pack(floats, WeightFormats.of(WeightFormat.Q8), again, 2, SILENT);
        Path direct = folder.resolve("direct");
        PackedModels.pack(
                TestModels.tinyRandom(), WeightFormats.of(WeightFormat.Q8), direct, 2, SILENT);
        try (Checkpoint found = Checkpoint.open(again);
                Checkpoint wanted = Checkpoint.open(direct)) {
            assertEquals("q8", found.manifest().orElseThrow().weights());
            Set<String> panels = wanted.manifest().orElseThrow().panels().keySet();
            assertEquals(panels, found.manifest().orElseThrow().panels().keySet());
            for (String name : panels) {
                assertEquals(
                        -1, wanted.tensor(name).data().mismatch(found.tensor(name).data()), name);
            }
        }
    }

    @Test
    void a_folder_that_another_version_packed_is_refused() throws Exception {
        Path packed = pack(WeightFormat.Q8);
        Path manifest = packed.resolve("moonglass-pack.json");
        Files.writeString(
                manifest, Files.readString(manifest).replace("\"format\":2", "\"format\":9"));
        ModelFormatException fault =
                assertThrows(ModelFormatException.class, () -> Checkpoint.open(packed));
        assertTrue(fault.getMessage().contains("pack the model again"), fault.getMessage());
    }

    @Test
    void random_weights_have_the_tensors_and_the_tokens_of_their_configuration() {
        Path first = synthesize("first");
        Path second = synthesize("second");
        try (Checkpoint one = Checkpoint.open(first);
                Checkpoint other = Checkpoint.open(second)) {
            var names = new HashSet<String>();
            for (StoredTensor tensor : one.tensors()) {
                names.add(tensor.name());
                assertEquals(-1, tensor.data().mismatch(other.tensor(tensor.name()).data()));
            }
            Set<String> expected = new TreeSet<>();
            for (String name : TensorShapes.of(one.config()).keySet()) {
                expected.add(name);
                if (name.endsWith("kv_b_proj.weight")) {
                    expected.add(name.replace("kv_b_proj", "k_b_proj"));
                }
            }
            assertEquals(expected, names);
            Tokenizer tokenizer = Tokenizer.read(first);
            assertEquals("Moon, glass!", tokenizer.decode(tokenizer.encode("Moon, glass!"), false));
        }
    }

    private Path synthesize(String name) {
        Path target = folder.resolve(name);
        PackedModels.synthesize(
                TestModels.tinyRandom().resolve("config.json"),
                WeightFormats.of(WeightFormat.Q4),
                target,
                2,
                SILENT);
        return target;
    }

    private Path pack(WeightFormat format) {
        Path target = folder.resolve("packed");
        PackedModels.pack(TestModels.tinyRandom(), WeightFormats.of(format), target, 2, SILENT);
        return target;
    }

    private static List<Path> list(Path folder) {
        try (var files = Files.list(folder)) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
